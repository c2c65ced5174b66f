// Small helpers: find and make elements, write sizes and dates, redraw a list without losing the focus.

/** @param {string} selector @returns {HTMLElement} */
export const find = (selector) => document.querySelector(selector);

/** @param {string} selector @returns {HTMLElement[]} */
export const findAll = (selector) => [...document.querySelectorAll(selector)];

/** A document's own property, whatever its elements are named: of a mail with `<img name="body">`, `inside.body` would
 * be that picture. */
export const own = (inside, name) => Reflect.get(Document.prototype, name, inside);

/** An element with attributes and children. `text` is its text, functions are listeners; what is null is left out. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child));
  return made;
}

/** Puts new children in place of the old; whoever had the focus is found again by its data-key. */
export function redraw(container, ...children) {
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  container.replaceChildren(...children.filter((child) => child));
  if (focused !== undefined) container.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

export const press = (button, pressed) => button.setAttribute("aria-pressed", String(pressed));

export const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The rows of a <dl>. @param facts {name: text} */
export const factRows = (facts) =>
  Object.entries(facts).map(([name, text]) => make("div", {}, make("dt", { text: name }), make("dd", { text })));

/** 56789 -> "56.8 KB": thousands, as mail providers count. */
export const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;

const SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const LONG = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** "2026-11-24T00:00:00+01:00" -> "24 Nov 2026". The day as it was written: the viewer's own zone must not move it. */
export function day(iso, format = LONG) {
  const date = new Date(`${iso.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? "" : format.format(date);
}

export const shortDay = (iso) => day(iso, SHORT);

const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "UTC" });

/** "2026-11-30T08:00:00+01:00" -> "Mon 30 Nov 2026, 08:00", as the clock of its own zone shows it. */
export const moment = (iso) => `${day(iso, WEEKDAY)} ${day(iso)}, ${iso.slice(11, 16)}`;

/** Opens pages that are clicked in this element here, rather than anew. @param open called with the page */
export function listenToLinks(element, open) {
  element.addEventListener("click", (event) => {
    const clicked = event.target.closest("a[data-page]");
    // With a modifier the browser opens a tab or window of its own, as with every link.
    if (!clicked || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(clicked.dataset.page);
  });
}
