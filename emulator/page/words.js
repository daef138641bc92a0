// What people read: amounts, times, requests and faults in words.

export function amount(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  let left = bytes;
  while (left >= 1000 && step < units.length - 1) {
    left /= 1000;
    step += 1;
  }
  return step ? `${left.toFixed(1)} ${units[step]}` : `${bytes} B`;
}

/** Whole percent, and a hundred of them only when nothing is missing. */
export function percent(part, whole) {
  return whole ? Math.floor((part / whole) * 100) : 0;
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86400)} days`;
}

/** The emulator's clock, between two views as well. */
export class Time {
  constructor(view) {
    this.now = view.now;
    this.date = Date.parse(view.date);
    this.read = performance.now();
  }

  ago(moment) {
    return Math.max(0, this.now + (performance.now() - this.read) / 1000 - moment);
  }

  at(moment) {
    return new Date(this.date + (moment - this.now) * 1000);
  }
}

export function timeOfDay(date) {
  return date.toLocaleTimeString("en-GB");
}

const ENDPOINTS = {
  code: "Asked for a code",
  revoke: "Gave its authorization back",
  me: "Asked who it is",
  heartbeat: "Heartbeat",
  health: "Health check",
  asset: "New file",
  realtime_parts: "Announced parts",
  comment: "Comment",
  part: "Part",
};

export function request(line) {
  const many = line.count > 1 ? `${line.count} × ` : "";
  return `${many}${about(line)}${line.file ? ` · ${line.file}` : ""}`;
}

function about(line) {
  if (line.endpoint === "token") {
    return { device_code: "Asked whether the person has decided", refresh_token: "Refresh" }[line.grant] ?? "Token request";
  }
  if (line.endpoint === "part") {
    const numbers = line.part === line.last_part ? `Part ${line.part}` : `Parts ${line.part} to ${line.last_part}`;
    return line.method === "PUT" ? numbers : `${line.method} of part ${line.part}`;
  }
  return ENDPOINTS[line.endpoint] ?? `${line.method} ${line.path}`;
}

export function result(line) {
  const status = line.status ?? (line.fault ? "no answer" : "…");
  return line.oauth_error ? `${status} ${line.oauth_error}` : String(status);
}

/** How a request went, for its colour. */
export function kind(line) {
  if (line.violations.length) return "wrong";
  if (line.fault) return "fault";
  if (line.status === null) return "open";
  const isPending = line.oauth_error === "authorization_pending";
  return line.status < 400 || isPending ? "fine" : "refused";
}

/** A fault that is ordered, in one line. */
export function fault(rule) {
  const what = rule.fault;
  const effects = {
    status: () => `answered ${what.status}`,
    s3: () => `answered ${what.code}`,
    delay: () => `answered ${what.ms} ms late`,
    reset: () => (what.after_request_bytes ? "reset in the middle" : "reset"),
    close: () => "closed without an answer",
    stall: () => "never answered",
    throttle: () => `read at ${amount(what.bytes_per_second)} a second`,
    truncate: () => "answered in half",
    body: () => "answered with something else",
    big: () => "answered with far too much",
    redirect: () => "redirected",
  };
  const name = { any: "call", part: "part", asset: "new file", token: "token request", me: "question who it is" };
  const grants = { refresh_token: "refresh", device_code: "poll" };
  const call = grants[rule.grant] ?? name[rule.endpoint] ?? rule.endpoint.replace("_", " ");
  const which = rule.name ? ` of ${rule.name}` : "";
  const times = rule.times === 1 ? `the next ${call}${which}` : `the next ${rule.times} of ${call}${which}`;
  const how = effects[what.kind]?.() ?? what.kind;
  return `${times}: ${how}${rule.processed ? ", after it took effect" : ""}${rule.skip ? `, ${rule.skip} pass before` : ""}`;
}
