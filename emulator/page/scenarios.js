// Scenarios: which there are, the one at work, and what somebody is to do at the device for it.

import { order } from "./call.js";
import { button, byId, element, list, say, set, show } from "./dom.js";

const LOOKS = { passed: "good", failed: "bad", running: "warn" };

let operation = null;

function make(first) {
  const title = element("h3");
  const outcome = element("span", { class: "badge" });
  const why = element("p", { class: "problem" });
  // What was played from elsewhere is not here to be played again.
  const isKnown = first.about !== undefined;
  const begin = button("Play", () => order("POST", "scenario", { name: first.name }), { "aria-label": `Play ${first.title}` });
  const about = element("details", { class: "soft" }, element("summary", {}, "What it does"), element("p", {}, first.about ?? ""));
  const node = element("li", { class: "card scenario" }, element("div", { class: "head" }, title, outcome), begin, why, about);

  function update({ scenario, played, isBusy }) {
    say(title, scenario.title);
    say(outcome, played?.state ?? "");
    set(outcome, "class", `badge ${LOOKS[played?.state] ?? ""}`);
    set(node, "data-state", played?.state ?? "not_played");
    show(outcome, played !== undefined);
    say(why, played?.why ?? "");
    show(why, Boolean(played?.why));
    show(begin, isKnown);
    show(about, isKnown);
    // Not disabled: that would take the focus away from who has just pressed it.
    set(begin, "aria-disabled", String(isBusy));
  }
  return { node, update };
}

function updateRunning(running) {
  operation = running?.operation ?? null;
  show(byId("scenario"), running !== null, byId("scenario-list"));
  if (running === null) return;
  say(byId("scenario-title"), running.title);
  say(byId("scenario-step"), `step ${running.step} of ${running.steps}`);
  say(byId("scenario-about"), running.about);
  say(byId("scenario-doing"), operation === null ? running.doing : "");
  show(byId("operation"), operation !== null, byId("scenario"));
  say(byId("operation-words"), operation?.words ?? "");
}

/** The built-in ones and, after them, what was played from elsewhere. */
function entries({ known, played }) {
  const own = new Set(known.map((scenario) => scenario.name));
  const others = new Map(played.filter(({ name }) => !own.has(name)).map((scenario) => [scenario.name, scenario]));
  return [...known, ...others.values()];
}

export function update(view) {
  const { scenario: running, played } = view.scenarios;
  updateRunning(running);
  const last = new Map(played.map((one) => [one.name, one]));
  const all = entries(view.scenarios).map((scenario) => ({ scenario, played: last.get(scenario.name), isBusy: running !== null }));
  list(byId("scenario-list"), all, ({ scenario }) => scenario.name, ({ scenario }) => make(scenario));
}

function operated(outcome) {
  if (operation !== null) {
    order("POST", "scenario/operated", { id: operation.id, ...outcome });
  }
}

byId("operation-done").addEventListener("click", () => operated({}));
byId("operation-failed").addEventListener("click", () => operated({ failed: "The person at the page could not do it" }));
byId("scenario-end").addEventListener("click", () => order("DELETE", "scenario"));
