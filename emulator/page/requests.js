// What devices asked, the newest first.

import { choose } from "./devices.js";
import { byId, counts, element, list, say, set, show } from "./dom.js";
import { wanted } from "./live.js";
import { kind, request, result, timeOfDay } from "./words.js";

let time;

function notes(line) {
  const fault = line.fault ? [`fault: ${line.fault}`] : [];
  return [...line.violations.map((name) => name.replaceAll("_", " ")), ...fault].join(" · ");
}

function make() {
  const when = element("time");
  const what = element("span", { class: "what" });
  const answer = element("span", { class: "answer" });
  const more = element("span", { class: "notes soft" });
  const node = element("li", { class: "request" }, when, what, answer, more);

  function update(line) {
    const began = time.at(line.time);
    say(when, timeOfDay(time.at(line.until)));
    set(when, "datetime", began.toISOString());
    set(when, "title", `Request ${line.seq}, ${began.toISOString()}`);
    const device = wanted.device === null && line.device ? ` · ${line.device}` : "";
    say(what, `${request(line)}${device}`);
    say(answer, result(line));
    set(node, "class", `request ${kind(line)}`);
    say(more, notes(line));
    show(more, more.textContent !== "");
  }
  return { node, update };
}

export function update(view, clock) {
  time = clock;
  list(byId("request-list"), view.requests.shown, (line) => line.seq, make);
  const shown = view.requests.shown.reduce((sum, line) => sum + line.count, 0);
  counts("requests", { total: view.requests.total, shown: { length: shown } }, "requests are");
  show(byId("no-requests"), view.requests.total === 0);
  say(byId("filter-words"), wanted.device === null ? "" : `Only ${wanted.device}.`);
  show(byId("filter-off"), wanted.device !== null, byId("devices"));
}

byId("filter-off").addEventListener("click", () => choose(null));
