// Devices and what a person does to them.

import { order } from "./call.js";
import { button, byId, counts, element, list, say, set, show } from "./dom.js";
import { refresh, wanted } from "./live.js";
import { duration } from "./words.js";

const LOOKS = { online: "good", paused: "warn", offline: "", disconnected: "bad" };

let time;
const ticking = new Map();

function act(device, action, body) {
  return order("POST", `devices/${encodeURIComponent(device)}/${action}`, body);
}

/** Uploads and requests of one device only, or of all. */
export function choose(device) {
  wanted.device = device;
  refresh();
}

function make(first) {
  const id = first.client_id;
  const name = element("h3");
  const status = element("span", { class: "badge" });
  const values = { device: element("dd"), project: element("dd"), firmware: element("dd"), seen: element("dd"), end: element("dd") };
  const terms = { device: "Device", project: "Project", firmware: "Firmware", seen: "Last contact", end: "Connection ends" };
  const facts = element("dl", {}, ...Object.keys(terms).flatMap((key) => [element("dt", {}, terms[key]), values[key]]));
  let action = "pause";
  const pause = button("Pause", () => act(id, action));
  const only = button("Only this one", () => choose(wanted.device === id ? null : id), { class: "quiet" });
  const revoke = button("Disconnect", () => act(id, "revoke"), { class: "quiet" });
  const project = element("input", { list: "projects", maxlength: "255", autocomplete: "off", placeholder: "Another project" });
  const move = element("form", { class: "move" }, project, element("button", { class: "quiet" }, "Move"));
  const date = element("input", { type: "datetime-local" });
  const end = element("form", { class: "move" }, date, element("button", { class: "quiet" }, "End then"));
  const keep = button("No end", () => act(id, "expiry", { expires_at: null }), { class: "quiet" });
  const node = element("li", { class: "card device", tabindex: "-1" }, element("div", { class: "head" }, name, status), facts,
    element("div", { class: "buttons" }, pause, revoke, only, keep), move, end);
  move.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (project.value.trim() !== "") {
      await act(id, "project", { project: project.value });
      project.value = "";
    }
  });

  end.addEventListener("submit", async (event) => {
    event.preventDefault();
    // As typed it is in this computer's time zone; it means the emulator's clock.
    const wanted = new Date(date.value);
    if (!Number.isNaN(wanted.getTime())) {
      await act(id, "expiry", { expires_at: `${wanted.toISOString().slice(0, 19)}Z` });
      date.value = "";
    }
  });

  function update(device) {
    const isConnected = device.status !== "disconnected";
    say(name, device.name);
    say(status, device.status);
    set(status, "class", `badge ${LOOKS[device.status]}`);
    set(node, "data-status", device.status);
    say(values.device, device.client_id);
    say(values.project, device.project);
    say(values.firmware, device.firmware ?? "unknown");
    action = device.status === "paused" ? "resume" : "pause";
    say(pause, action === "pause" ? "Pause" : "Resume");
    set(pause, "aria-label", `${pause.textContent} ${device.name}`);
    set(revoke, "aria-label", `Disconnect ${device.name}`);
    set(only, "aria-label", `Only this one: ${device.name}`);
    set(only, "aria-pressed", String(wanted.device === id));
    set(project, "aria-label", `Another project for ${device.name}`);
    say(values.end, device.expires === null ? "never" : time.at(device.expires).toLocaleString("en-GB"));
    set(date, "aria-label", `When the connection of ${device.name} ends`);
    set(keep, "aria-label", `No end: ${device.name}`);
    for (const needed of [pause, revoke, move, end]) {
      show(needed, isConnected, node);
    }
    show(keep, isConnected && device.expires !== null, node);
    ticking.set(id, () => say(values.seen, `${duration(time.ago(device.last_seen))} ago`));
  }
  return { node, update };
}

function makeCode() {
  const text = element("span");
  const node = element("li", {}, text, " ", element("a", { href: "/pair" }, "Enter it"));
  return { node, update: (code) => say(text, `${code.name} (${code.client_id}) shows a code.`) };
}

export function update(view, clock) {
  time = clock;
  ticking.clear();
  list(byId("codes"), view.codes.shown, (code) => code.client_id, makeCode);
  list(byId("device-list"), view.devices.shown, (device) => device.client_id, make);
  counts("devices", view.devices, "devices are");
  show(byId("no-devices"), view.devices.total === 0 && wanted.find === "");
  show(byId("finder"), view.devices.total > view.devices.shown.length || wanted.find !== "");
  list(byId("projects"), view.projects, (name) => name, (name) => ({ node: element("option", { value: name }), update() {} }));
  tick();
}

/** What changes by itself as time passes. */
export function tick() {
  ticking.forEach((one) => one());
}

byId("find").addEventListener("input", (event) => {
  wanted.find = event.target.value;
  refresh();
});
