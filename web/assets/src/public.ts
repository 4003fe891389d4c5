// The public pages. The form needs none of this: it remembers the zone, chooses it in the form, and stops a double click.

import { acts } from "./act";
import { copying } from "./copy";
import { localZone, rememberZone, themeSwitch } from "./remember";

rememberZone();
themeSwitch();
copying();
acts();

const zones = document.querySelector<HTMLSelectElement>("select[data-zone]");
if (zones && !zones.dataset.zone) {
  const mine = localZone();
  if (![...zones.options].some((option) => option.value === mine)) {
    zones.add(new Option(mine.replaceAll("_", " "), mine));
  }
  zones.value = mine;
}

const wrong = document.querySelector<HTMLElement>("[aria-invalid='true']");
wrong?.focus();
