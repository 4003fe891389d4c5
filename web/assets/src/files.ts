// Files that the server would not take are not sent to it first.

const megabyte = 1 << 20;

// fits says whether the chosen files keep the limits, and writes beside the field what they do not.
export function fits(field: HTMLInputElement): boolean {
  const files = [...(field.files ?? [])], limit = (name: string) => Number(field.dataset[name]) * megabyte;
  let wrong: string | undefined;
  if (files.length > Number(field.dataset.count)) wrong = field.dataset.tooMany;
  else if (files.some((file) => file.size > limit("each"))) wrong = field.dataset.tooLarge;
  else if (files.reduce((sum, file) => sum + file.size, 0) > limit("sum") - megabyte) wrong = field.dataset.tooMuch;
  const place = document.getElementById(`${field.id}-error`);
  if (wrong) {
    const line = document.createElement("p");
    line.className = "error";
    line.textContent = wrong;
    place?.replaceChildren(line);
    field.setAttribute("aria-invalid", "true");
    field.focus();
  } else {
    place?.replaceChildren();
    field.removeAttribute("aria-invalid");
  }
  return !wrong;
}
