// What is open and how it is shown, as the address bar writes it, and the server's addresses that follow from it.

export const NARROWEST = 280;
export const WIDEST = 1200;
// In a phone's window a phone's mail is what fits.
const WIDTH = matchMedia("(min-width: 720px)").matches ? "600" : "375";
const DEFAULTS = { width: WIDTH, scheme: "light", images: "on", view: "mail", reader: "", client: "" };
const CHOICES = { scheme: ["light", "dark"], images: ["on", "off"], view: ["mail", "text", "source"] };

export const within = (width) => Math.min(WIDEST, Math.max(NARROWEST, Math.round(width)));

/** @param {Location} location @returns the state that this address stands for; `page` is null at "/". */
export function read(location) {
  const query = new URLSearchParams(location.search);
  const state = { page: pageOf(location.pathname) };
  for (const [name, value] of Object.entries(DEFAULTS)) state[name] = query.get(name) ?? value;
  for (const [name, allowed] of Object.entries(CHOICES)) {
    if (!allowed.includes(state[name])) state[name] = DEFAULTS[name];
  }
  state.width = within(/^\d+$/.test(state.width) ? Number(state.width) : Number(DEFAULTS.width));
  return state;
}

function pageOf(path) {
  const page = path.slice(1);
  if (!/^(editions|articles|digests)\/./.test(page)) return null;
  try {
    return decodeURIComponent(page);
  } catch {
    return page;
  }
}

/** The address of a state: only what differs from the defaults stands in its query. */
export function address(state) {
  const changed = Object.entries(DEFAULTS).filter(([name, value]) => String(state[name]) !== value);
  return `/${encodeURI(state.page ?? "")}${query(changed.map(([name]) => [name, state[name]]))}`;
}

/** Where the server shows this state. `scheme` is the shown one, which a client may have fixed. */
export function mailAddress(state, scheme, version) {
  return `/mail/${encodeURI(state.page)}${query([
    ["view", state.view === "mail" ? "" : state.view],
    ["reader", state.reader],
    ["client", state.client],
    ["scheme", scheme === "light" ? "" : scheme],
    ["images", state.images === "on" ? "" : state.images],
    ["version", version ?? ""],
  ])}`;
}

export const fileAddress = (state, name) =>
  `/files/${encodeURI(state.page)}/${name}${query([["reader", state.reader]])}`;

export const notesAddress = (state) =>
  `/notes/${encodeURI(state.page)}${query([["client", state.client], ["reader", state.reader]])}`;

function query(pairs) {
  const filled = pairs.filter(([, value]) => value !== "");
  return filled.length ? `?${new URLSearchParams(filled)}` : "";
}
