// The list of digests, editions and articles: draws it, filters it, knows the neighbours of the open page.

import { day, find, findAll, kilobytes, listenToLinks, make, redraw } from "./dom.js";

const entries = find("#entries");
const filter = find("#filter");

/** @param list the server's list @param current {page, broken} of the open one @param hrefOf page -> address */
export function drawList(list, current, hrefOf) {
  const wanted = filter.value.trim().toLocaleLowerCase();
  const group = (name, all) => section(name, all.filter((entry) => matches(entry, wanted)), current, hrefOf);
  const groups = [
    group("Coming digests", list.digests),
    group("Editions", list.editions),
    group("Articles", list.articles),
  ].filter(Boolean);
  const nothing = wanted ? `Nothing is called “${filter.value.trim()}”.` : "There is nothing here yet.";
  redraw(entries, ...(groups.length ? groups : [make("p", { class: "nothing", text: nothing })]));
}

function matches(entry, wanted) {
  return `${entry.title} ${entry.page} ${entry.state}`.toLocaleLowerCase().includes(wanted);
}

function section(name, all, current, hrefOf) {
  if (!all.length) return null;
  const items = all.map((entry) => make("li", {}, link(entry, current, hrefOf)));
  return make("section", { "aria-label": name }, make("h2", { text: name }), make("ul", {}, ...items));
}

function link(entry, current, hrefOf) {
  const [kind, slug] = entry.page.split("/");
  const size = entry.bytes === null ? !entry.title && "nothing yet" : kilobytes(entry.bytes);
  const facts = [entry.date && day(entry.date), size].filter(Boolean);
  // Other editions and articles have files that are called so; of a digest's edition nobody could know.
  const named = kind === "digests" && entry.title && entry.title !== slug;
  const open = entry.page === current.page;
  // The list may not know yet what the open page's last save has broken.
  const state = open && current.broken ? "broken" : entry.state;
  return make(
    "a",
    {
      href: hrefOf(entry.page),
      "data-page": entry.page,
      "data-key": entry.page,
      "aria-current": open ? "page" : null,
    },
    make("span", { class: "name", dir: "auto", text: entry.title || slug }),
    named && make("span", { class: "slug", text: slug }),
    make("span", { class: "facts", text: facts.join(" · ") }),
    make("span", { class: "state", "data-state": state, text: state }),
  );
}

export const shownPages = () => findAll("#entries a").map((shown) => shown.dataset.page);

export const reveal = () => find("#entries [aria-current]")?.scrollIntoView({ block: "nearest" });

/** The entry's own facts, wherever it stands. */
export const entryOf = (list, page) => all(list).find((entry) => entry.page === page);

/** What to open at "/": the server's wish, else the first there is. */
export const startOf = (list) => list.start ?? all(list)[0]?.page ?? null;

const all = (list) => [...list.editions, ...list.articles, ...list.digests];

/** @param handlers {open(page), redraw()} */
export function listenToList(handlers) {
  listenToLinks(entries, handlers.open);
  filter.addEventListener("input", handlers.redraw);
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && shownPages().length) handlers.open(shownPages()[0]);
    else if (event.key === "ArrowDown") find("#entries a")?.focus();
    else if (event.key === "Escape") leave(handlers.redraw);
    else return;
    event.preventDefault();
  });
  entries.addEventListener("keydown", step);
}

function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = findAll("#entries a");
  const at = links.indexOf(document.activeElement);
  if (!by || at < 0) return;
  event.preventDefault();
  (links[at + by] ?? (by < 0 ? filter : links[at])).focus();
}

function leave(redrawn) {
  if (filter.value) {
    filter.value = "";
    redrawn();
  } else filter.blur();
}
