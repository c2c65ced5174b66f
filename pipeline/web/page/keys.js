// The keys: runs the command of a pressed key, and lists all of them in a dialog.

import { find, make } from "./dom.js";

const dialog = find("#help");

/** A listener for keydown. @param groups [[heading, [[key, what it does, run], …]], …] */
export function keyListener(groups) {
  const commands = new Map(groups.flatMap(([, rows]) => rows.map(([key, , run]) => [key, run])));
  return (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (dialog.open || typing(event.target)) return;
    const run = commands.get(event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key);
    if (!run) return;
    event.preventDefault();
    run();
  };
}

/** Also true for what stands in the frame: its elements are of another window, so `instanceof` would not know them. */
const typing = (target) => Boolean(target?.closest?.("input, textarea, select, [contenteditable]"));

export function toggleHelp() {
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

export function listenToHelp(groups) {
  find("#keys").replaceChildren(...groups.map(groupBox));
  find("#help-open").addEventListener("click", toggleHelp);
  find("#help-close").addEventListener("click", toggleHelp);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "?") return;
    event.preventDefault();
    dialog.close();
  });
}

function groupBox([heading, rows]) {
  const entries = rows.map(([key, says]) => make("div", {}, make("dt", {}, ...caps(key)), make("dd", { text: says })));
  return make("section", {}, make("h3", { text: heading }), make("dl", {}, ...entries));
}

function caps(key) {
  const shifted = /^[A-Z]$/.test(key);
  const cap = make("kbd", { text: key === "Escape" ? "Esc" : key.toLowerCase() });
  return shifted ? [make("kbd", { text: "shift" }), cap] : [cap];
}
