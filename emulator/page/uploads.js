// Uploads: how far each part is, what came of the whole, and a picture where it is one.

import { byId, counts, element, list, say, set, show } from "./dom.js";
import { amount, percent } from "./words.js";

const LOOKS = { open: "warn", assembling: "warn", complete: "good", broken: "bad" };

function progress(upload) {
  const parts = upload.part_count === 1 ? "" : `, ${upload.parts_stored} of ${upload.part_count} parts`;
  if (upload.filesize === null) {
    return `${amount(upload.stored)}${parts}, still recording`;
  }
  return `${percent(upload.stored, upload.filesize)} % of ${amount(upload.filesize)}${parts}`;
}

/** One cell for each character: see the emulator's view for what they mean. */
function draw(strip, cells) {
  while (strip.childElementCount > cells.length) strip.lastElementChild.remove();
  while (strip.childElementCount < cells.length) strip.append(element("span"));
  for (const [at, cell] of [...cells].entries()) {
    const node = strip.children[at];
    const look = { "#": "stored", "!": "stored again", ".": "" }[cell];
    set(node, "class", `cell ${look ?? "coming"}`);
    node.style.setProperty("--come", look === undefined ? `${cell}0%` : "0%");
  }
}

function make(first) {
  const name = element("h3");
  const state = element("span", { class: "badge" });
  const about = element("p", { class: "soft" });
  const strip = element("div", { class: "strip", role: "img" });
  const sum = element("div", { class: "sum" });
  const picture = element("a", { href: `/emulator/uploads/${first.id}/picture`, hidden: "" });
  const node = element("li", { class: "card upload" },
    element("div", {}, element("div", { class: "head" }, name, state), about), picture, strip, sum);
  let drawn = null;

  function update(upload) {
    say(name, upload.name);
    say(state, upload.state);
    set(state, "class", `badge ${LOOKS[upload.state]}`);
    set(node, "data-state", upload.state);
    const comments = upload.comments ? ` · ${upload.comments} comments` : "";
    say(about, `${progress(upload)} · ${upload.client_id} · ${upload.project}${comments}`);
    if (upload.strip !== drawn) {
      draw(strip, upload.strip);
      drawn = upload.strip;
    }
    set(strip, "aria-label", `Parts: ${upload.parts_stored} of ${upload.part_count} stored`);
    say(sum, upload.sha256 ? `SHA-256 ${upload.sha256} · MD5 ${upload.md5}` : "");
    show(sum, upload.sha256 !== null);
    if (upload.has_picture && picture.hidden) {
      picture.append(element("img", { src: picture.href, alt: `The picture ${upload.name}`, decoding: "async" }));
    }
    show(picture, upload.has_picture);
  }
  return { node, update };
}

export function update(view) {
  list(byId("upload-list"), view.uploads.shown, (upload) => upload.id, make);
  counts("uploads", view.uploads, "uploads are");
  show(byId("no-uploads"), view.uploads.total === 0);
}
