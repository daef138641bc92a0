// Elements that stay what they are while what they say changes, so that focus, selection and scrolling are
// kept. Everything that somebody else wrote goes in as text: nothing here reads HTML.

/** An element with attributes and children; a child may be a text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

export function button(text, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", press);
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

export function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

export function set(node, attribute, value) {
  if (value === null) {
    node.removeAttribute(attribute);
  } else if (node.getAttribute(attribute) !== value) {
    node.setAttribute(attribute, value);
  }
}

/** Shows or hides; who hides what has the focus gives it to something that stays. */
export function show(node, shown, instead = null) {
  if (!shown && instead && node.contains(document.activeElement)) {
    instead.focus();
  }
  node.hidden = !shown;
}

const rows = new WeakMap();

/**
 * Makes the children of `parent` those of `items`. What was there already is kept and told its item.
 * `make(item)` gives `{node, update(item)}`; items are the same if `key(item)` is.
 */
export function list(parent, items, key, make) {
  const before = rows.get(parent) ?? new Map();
  const now = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    const row = before.get(key(item)) ?? make(item);
    now.set(key(item), row);
    if (row.node === place) {
      place = place.nextElementSibling;
    } else {
      put(parent, row.node, place);
    }
    // When it is in its place: Chromium draws what changes before it is moved in its old colours.
    row.update(item);
  }
  for (const [old, row] of before) {
    if (!now.has(old)) {
      row.node.remove();
    }
  }
  rows.set(parent, now);
}

/** Moving an element takes its focus away, unless the browser can move it properly. */
function put(parent, node, place) {
  if (node.parentNode === parent && parent.moveBefore) {
    parent.moveBefore(node, place);
    return;
  }
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  parent.insertBefore(node, place);
  focused?.focus({ preventScroll: true });
}

/** How many there are, and that not all of them are shown. */
export function counts(name, part, what) {
  say(byId(`${name}-count`), part.total ? String(part.total) : "");
  more(name, part, what);
}

export function more(name, part, what) {
  const hidden = part.total - part.shown.length;
  show(byId(`more-${name}`), hidden > 0);
  say(byId(`more-${name}`), `${hidden} more ${what} not shown.`);
}
