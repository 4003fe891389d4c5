// A form with files is sent by a request of its own, because only that says how far it has come.

// upload sends the form and follows it to the status page. again is given the page when something has to be mended, rest is
// called when the form can be sent once more.
export function upload(form: HTMLFormElement, again: (page: Document) => void, rest: () => void): void {
  const box = form.querySelector<HTMLElement>(".sending"), bar = box?.querySelector("progress");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "document";
  request.upload.addEventListener("progress", (event) => {
    if (bar && event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
  });
  const failed = () => {
    if (box) box.hidden = true;
    const line = document.createElement("p");
    line.className = "notice is-harm";
    line.role = "alert";
    line.textContent = box?.dataset.failed ?? "";
    document.querySelector("[data-problems]")?.replaceChildren(line);
    line.scrollIntoView();
    rest();
  };
  request.addEventListener("error", failed);
  request.addEventListener("load", () => {
    if (request.responseURL && new URL(request.responseURL).pathname !== new URL(form.action).pathname) location.assign(request.responseURL);
    else if (request.response instanceof Document && request.response.querySelector("form#report")) again(request.response);
    else failed();
  });
  if (bar) bar.value = 0;
  if (box) box.hidden = false;
  request.send(new FormData(form));
}
