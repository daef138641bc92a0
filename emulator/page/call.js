// Calls of the emulator's API. What fails is told to the person.

import { byId, say, show } from "./dom.js";

export async function call(method, path, body) {
  const request = { method };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "Content-Type": "application/json" };
  }
  const answer = await fetch(`/emulator/${path}`, request);
  const said = await answer.json();
  if (!answer.ok) {
    throw new Error(said.errors?.[0]?.detail ?? `the emulator answered ${answer.status}`);
  }
  return said;
}

export function complain(text) {
  say(byId("problem"), text);
  show(byId("problem"), text !== "");
}

/** What a button does: one call, and a word to the person if it did not work. */
export async function order(method, path, body) {
  complain("");
  try {
    await call(method, path, body);
  } catch (failure) {
    complain(`That did not work: ${failure.message}`);
  }
}
