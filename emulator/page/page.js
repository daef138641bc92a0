// The page: each section is told every view, and the person what is new.

import * as checklist from "./checklist.js";
import * as controls from "./controls.js";
import * as devices from "./devices.js";
import { byId, say, set, show } from "./dom.js";
import { start } from "./live.js";
import * as requests from "./requests.js";
import * as scenarios from "./scenarios.js";
import * as uploads from "./uploads.js";
import { Time } from "./words.js";

const CONNECTIONS = {
  live: { words: "live", look: "good" },
  lost: { words: "connection lost, trying again", look: "bad" },
  ended: { words: "the emulator has ended", look: "bad" },
};

// The token came once, and is a cookie now: it is not for the address bar.
if (location.search !== "") {
  history.replaceState(null, "", location.pathname + location.hash);
}

/** What was told already, so that only what is new is announced. */
let told = null;

function facts(view) {
  return new Set([
    ...view.devices.shown.map((device) => `${device.name} is ${device.status}`),
    ...view.uploads.shown.filter((upload) => upload.state === "complete").map((upload) => `${upload.name} is complete`),
    ...view.scenarios.played.map((played) => `Scenario ${played.title}: ${played.state}`),
    ...view.checklist.filter((row) => row.status === "broken").map((row) => `Broken: ${row.requirement}`),
  ]);
}

function news(view) {
  const now = facts(view);
  if (told !== null) {
    const fresh = [...now].filter((fact) => !told.has(fact));
    if (fresh.length) {
      say(byId("news"), fresh.slice(0, 3).join(". "));
    }
  }
  told = now;
}

function update(view) {
  const time = new Time(view);
  say(byId("warning"), view.warning ?? "");
  show(byId("warning"), view.warning !== null);
  devices.update(view, time);
  uploads.update(view);
  requests.update(view, time);
  controls.update(view, time);
  scenarios.update(view);
  checklist.update(view);
  news(view);
}

function connection(state) {
  say(byId("connection"), CONNECTIONS[state].words);
  set(byId("connection"), "class", `badge ${CONNECTIONS[state].look}`);
}

start(update, connection);
setInterval(() => {
  devices.tick();
  controls.tick();
}, 1000);
