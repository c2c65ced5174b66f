// The errors of a save, shown over the last good digest until the next good one; they can be put aside.

import { find, make, plural } from "./dom.js";

const overlay = find("#overlay");
const bar = find("#error-bar");
let shown = "[]";
let aside = false;

/** @param errors the server's errors, empty when all is well @param good whether there is a digest behind them */
export function drawErrors(errors, good) {
  if (!errors.length) aside = false;
  if (JSON.stringify(errors) !== shown) write(errors);
  find("#overlay-aside").hidden = !good;
  overlay.classList.toggle("bare", !good);
  place(errors.length);
}

function write(errors) {
  shown = JSON.stringify(errors);
  find("#overlay-title").textContent = errors.length === 1 ? "There is an error" : `There are ${errors.length} errors`;
  find("#errors").replaceChildren(...errors.map(errorBox));
  bar.textContent = `${plural(errors.length, "error")} – show`;
}

function place(count) {
  overlay.hidden = !count || aside;
  bar.hidden = !count || !aside;
  find("#stage").inert = !overlay.hidden;
}

function errorBox(error) {
  const lines = error.lines.map((line) =>
    make(
      "span",
      { class: line.marked ? "line marked" : "line" },
      make("span", { class: "number", text: line.number }),
      make("span", { class: "text", dir: "auto", text: line.text || " " }),
    ),
  );
  return make(
    "article",
    { class: "error" },
    make("p", { class: "message", text: error.message }),
    error.where && make("code", { class: "where", text: error.where }),
    lines.length > 0 && make("pre", { tabindex: "0", "aria-label": "The lines around it" }, ...lines),
  );
}

/** Puts the errors aside; says whether there was something to put aside. */
export function putAside() {
  if (overlay.hidden || find("#overlay-aside").hidden) return false;
  aside = true;
  place(JSON.parse(shown).length);
  bar.focus({ preventScroll: true });
  return true;
}

/** A page that was just opened shows its errors, whatever was put aside on the last one. */
export function forgetAside() {
  aside = false;
}

export function listenToOverlay() {
  find("#overlay-aside").addEventListener("click", putAside);
  bar.addEventListener("click", () => {
    aside = false;
    place(JSON.parse(shown).length);
    find("#overlay-aside").focus();
  });
}
