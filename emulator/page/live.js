// Keeps the page up to date: the emulator tells that something has happened, and the page asks what.

import { call } from "./call.js";

/** What of it the person wants to see. */
export const wanted = { device: null, find: "" };

let busy = false;
let again = false;
let listener = () => {};

/** Asks for a view now. One that is asked for meanwhile follows. */
export async function refresh() {
  if (busy || document.hidden) {
    again = true;
    return;
  }
  [busy, again] = [true, false];
  try {
    listener(await call("GET", `view?${query()}`));
  } catch {
    // The stream tells when the emulator is back.
  }
  busy = false;
  if (again) {
    refresh();
  }
}

function query() {
  const parameters = new URLSearchParams();
  if (wanted.device !== null) parameters.set("device", wanted.device);
  if (wanted.find !== "") parameters.set("find", wanted.find);
  return parameters;
}

/** `onView` is told each view, `onConnection` is told `live`, `lost` or `ended`. */
export function start(onView, onConnection) {
  listener = onView;
  document.addEventListener("visibilitychange", () => again && refresh());
  connect(onConnection);
}

function connect(onConnection) {
  const stream = new EventSource("/emulator/events");
  stream.addEventListener("open", () => onConnection("live"));
  stream.addEventListener("happened", refresh);
  stream.addEventListener("ended", () => {
    stream.close();
    onConnection("ended");
  });
  stream.addEventListener("error", () => {
    onConnection("lost");
    // It comes back by itself, unless something else than the emulator answered.
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(() => connect(onConnection), 2000);
    }
  });
}
