// Faults to order and a clock to move.

import { order } from "./call.js";
import { button, byId, element, list, more, say, show } from "./dom.js";
import { duration, fault, timeOfDay } from "./words.js";

const STEPS = [["+1 min", 60], ["+5 min", 300], ["+8 h", 28_800], ["+14 days", 1_209_600]];

const FAULTS = [
  ["503 for the next call", { endpoint: "any", fault: { kind: "status", status: 503 } }],
  ["Lose the answer to the next refresh",
    { endpoint: "token", grant: "refresh_token", processed: true, fault: { kind: "reset" } }],
  ["Storage says 503 three times", { endpoint: "part", times: 3, fault: { kind: "status", status: 503 } }],
  ["Reset in the middle of a part", { endpoint: "part", fault: { kind: "reset", after_request_bytes: 65_536 } }],
  ["Lose the answer to a stored part", { endpoint: "part", processed: true, fault: { kind: "reset" } }],
  ["Never answer the next call", { endpoint: "any", fault: { kind: "stall" } }],
];

let time;
let moved = 0;
let link = "up";

function makeFault() {
  const node = element("li");
  return { node, update: ({ rule }) => say(node, fault(rule)) };
}

export function update(view, clock) {
  [time, moved] = [clock, view.moved];
  const faults = view.faults.shown.map((rule, at) => ({ rule, at }));
  list(byId("fault-list"), faults, ({ at }) => at, makeFault);
  more("faults", view.faults, "faults are");
  show(byId("no-faults"), view.faults.total === 0);
  show(byId("clear-faults"), view.faults.total > 0, byId("fault-buttons").firstElementChild);
  link = view.network.state;
  const refused = view.network.refused_connections;
  say(byId("network"), link === "up" ? "Up." : `Down: every connection of a device is reset. ${refused} refused so far.`);
  say(byId("network-switch"), link === "up" ? "Take the network down" : "Bring the network up");
  tick();
}

/** The time that the emulator has. */
export function tick() {
  if (time === undefined) return;
  const now = time.at(time.now + time.ago(time.now));
  const ahead = moved ? `, ${duration(moved)} ahead of this computer` : "";
  say(byId("clock"), `${now.toLocaleDateString("en-CA")} ${timeOfDay(now)}${ahead}`);
}

for (const [text, seconds] of STEPS) {
  byId("clock-buttons").append(button(text, () => order("POST", "clock", { advance_seconds: seconds })));
}
for (const [text, rule] of FAULTS) {
  byId("fault-buttons").append(button(text, () => order("POST", "faults", rule)));
}
byId("network-switch").addEventListener("click", () => order("POST", "network", { state: link === "up" ? "down" : "up" }));
byId("clear-faults").addEventListener("click", () => order("DELETE", "faults"));
