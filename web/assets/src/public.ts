// The public pages. None of them needs this: it remembers the zone, and stops a double click.

import { acts } from "./act";
import { copying } from "./copy";
import { leaving } from "./leave";
import { rememberZone, themeSwitch } from "./remember";

rememberZone();
themeSwitch();
copying();
acts();
leaving();

const wrong = document.querySelector<HTMLElement>("[aria-invalid='true']");
wrong?.focus();
