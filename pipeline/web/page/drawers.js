// The list and the side panel: columns in a wide window, drawers over the mail in a narrow one.

import { find } from "./dom.js";

const sides = {
  list: { element: find("#list"), toggle: find("#list-toggle"), narrow: matchMedia("(max-width: 1023px)") },
  panel: { element: find("#panel"), toggle: find("#panel-toggle"), narrow: matchMedia("(max-width: 1179px)") },
};
const scrim = find("#scrim");

function set(side, open) {
  side.element.hidden = !open;
  side.toggle.setAttribute("aria-expanded", String(open));
  const others = Object.values(sides).filter((other) => other !== side);
  if (open && side.narrow.matches) for (const other of others) if (other.narrow.matches) set(other, false);
  scrim.hidden = !Object.values(sides).some(covers);
}

const covers = (side) => side.narrow.matches && !side.element.hidden;

/** @param {"list" | "panel"} name */
export function toggleSide(name) {
  const side = sides[name];
  set(side, side.element.hidden);
  if (covers(side)) side.element.focus({ preventScroll: true });
}

export function openSide(name) {
  if (sides[name].element.hidden) set(sides[name], true);
}

/** Closes what covers the mail; says whether anything did. */
export function closeDrawers() {
  const open = Object.values(sides).filter(covers);
  for (const side of open) {
    const focused = side.element.contains(document.activeElement);
    set(side, false);
    if (focused) side.toggle.focus();
  }
  return open.length > 0;
}

export function listenToDrawers() {
  for (const [name, side] of Object.entries(sides)) {
    side.toggle.addEventListener("click", () => toggleSide(name));
    side.narrow.addEventListener("change", () => set(side, !side.narrow.matches));
    set(side, !side.narrow.matches);
  }
  scrim.addEventListener("click", closeDrawers);
}
