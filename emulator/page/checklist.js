// The integrator checklist as it fills up: what is broken comes first, with why and the requests.

import { order } from "./call.js";
import { button, byId, element, list, say, set, show } from "./dom.js";

const STATUSES = {
  broken: { mark: "✗", look: "bad", words: "Broken" },
  denied: { mark: "✗", look: "bad", words: "Answered no" },
  fulfilled: { mark: "✓", look: "good", words: "Fulfilled" },
  confirmed: { mark: "✓", look: "good", words: "Answered yes" },
  ask_the_engineer: { mark: "?", look: "ask", words: "To answer" },
  not_applicable: { mark: "–", look: "none", words: "Does not apply" },
  not_exercised: { mark: "·", look: "none", words: "Not exercised" },
};

const CHIPS = [
  ["all", "All", () => true],
  ["bad", "Broken", (status) => STATUSES[status].look === "bad"],
  ["good", "Fulfilled", (status) => STATUSES[status].look === "good"],
  ["ask", "To answer", (status) => STATUSES[status].look === "ask"],
  ["none", "Not exercised", (status) => STATUSES[status].look === "none"],
];

const ANSWERS = [["yes", "Yes"], ["no", "No"], ["not_applicable", "Does not apply"]];

const ASKED = ["ask_the_engineer", "confirmed", "denied", "not_applicable"];

let chosen = "all";
let rows = [];

function heading(quote) {
  if (quote.method === undefined) return `Request ${quote.seq}, which the log has let go of`;
  const status = quote.status === null ? "no answer" : quote.status;
  return `${quote.seq}: ${quote.method} ${quote.path} → ${quote.oauth_error ? `${status} ${quote.oauth_error}` : status}`;
}

function quoted(quote) {
  const pairs = (list) => (list ?? []).map(([name, value]) => `${name}: ${value}`);
  const lines = [...pairs(quote.headers), "", ...pairs(quote.fields)];
  return element("details", {}, element("summary", {}, heading(quote)), element("pre", {}, lines.join("\n").trim()));
}

/** A breach does not change any more, but for the answer of its request. */
function makeBreach() {
  const why = element("p", { class: "why" });
  const requests = element("div");
  const node = element("div", { class: "breach" }, why, requests);
  let headings = "";

  function update({ breach }) {
    say(why, `${breach.device}: ${breach.why}`);
    const now = breach.requests.map(heading).join("\n");
    if (now !== headings) {
      headings = now;
      requests.replaceChildren(...breach.requests.map(quoted));
    }
  }
  return { node, update };
}

function answer(row, given, pressed) {
  return order("POST", "answers", { row, answer: pressed ? null : given });
}

function make(first) {
  const mark = element("span", { class: "mark", role: "img" });
  const requirement = element("p", { class: "requirement" });
  const source = element("p", { class: "soft" });
  const breaches = element("div");
  const more = element("p", { class: "more" });
  const questions = element("div");
  const buttons = ANSWERS.map(([given, text]) => {
    const made = button(text, () => answer(first.name, given, made.getAttribute("aria-pressed") === "true"));
    return made;
  });
  const answers = element("div", { class: "buttons", role: "group", "aria-label": `Answer: ${first.requirement}` }, ...buttons);
  const node = element("li", { class: "row", id: `row-${first.name}`, tabindex: "-1" },
    mark, requirement, source, breaches, more, questions, answers);

  function update(row) {
    const status = STATUSES[row.status];
    say(mark, status.mark);
    set(mark, "aria-label", status.words);
    set(node, "class", `row ${status.look}`);
    set(node, "data-status", row.status);
    say(requirement, row.requirement);
    const kept = row.kept ? `, kept ${row.kept} ×` : "";
    const broken = row.broken ? `, broken ${row.broken} ×` : "";
    say(source, `${row.name} · ${status.words.toLowerCase()}${kept}${broken} · ${row.reference}`);
    list(breaches, row.breaches.map((breach, at) => ({ breach, at })), ({ at }) => at, makeBreach);
    const untold = row.broken - row.breaches.length;
    show(more, untold > 0);
    say(more, `${untold} more are not shown; the report has the first five of each device.`);
    list(questions, row.questions.map((text, at) => ({ text, at })), ({ at }) => at, () => {
      const question = element("p");
      return { node: question, update: ({ text }) => say(question, text) };
    });
    const given = row.answer?.answer ?? null;
    ANSWERS.forEach(([name], at) => set(buttons[at], "aria-pressed", String(given === name)));
    // Only a question that nothing settled is there to be answered.
    show(answers, ASKED.includes(row.status), node);
  }
  return { node, update };
}

function filter() {
  const [, , fits] = CHIPS.find(([name]) => name === chosen);
  for (const row of rows) {
    const node = byId(`row-${row.name}`);
    // What somebody is at stays.
    node.hidden = !fits(row.status) && !node.contains(document.activeElement);
  }
}

function makeChip([name, text]) {
  const input = element("input", { type: "radio", name: "rows", value: name });
  input.checked = name === chosen;
  input.addEventListener("change", () => {
    chosen = name;
    filter();
  });
  const count = element("span", { id: `chip-${name}` });
  return element("label", {}, input, `${text} `, count);
}

export function update(view) {
  const isBroken = (row) => row.status === "broken";
  rows = view.checklist;
  const ordered = [...rows.filter(isBroken), ...rows.filter((row) => !isBroken(row))];
  list(byId("checklist-list"), ordered, (row) => row.name, make);
  for (const [name, , fits] of CHIPS) {
    say(byId(`chip-${name}`), String(rows.filter((row) => fits(row.status)).length));
  }
  const broken = rows.filter(isBroken).length;
  say(byId("broken"), broken ? `: ${broken} broken` : "");
  filter();
}

byId("checklist-filter").append(...CHIPS.map(makeChip));
