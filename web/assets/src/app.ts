// The console. Everything works without this file except preview, keyboard and charts.

import htmx from "htmx.org";
import { acts } from "./act";
import { copying } from "./copy";
import { dialogs, menus } from "./dialog";
import { keys } from "./keys";
import { printing } from "./print";
import { rememberZone, themeSwitch } from "./remember";
import { tabs } from "./tabs";
import { dismissing } from "./toast";

// The policy of the pages allows no inline script, style or eval.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.allowScriptTags = false;
htmx.config.historyCacheSize = 0;
htmx.config.selfRequestsOnly = true;
htmx.config.timeout = 15_000;

rememberZone();
themeSwitch();
copying();
dismissing();
dialogs();
menus();
acts();
printing();
keys();
tabs();

if (document.querySelector("[data-chart='time']")) {
  void import("./chart").then((m) => m.charts());
}
