// The preview's page: ties the address bar, the server's events, the controls and the keys together. Read this first.

import { drawBadge } from "./badge.js";
import { drawDigest } from "./digest.js";
import { find, findAll, listenToLinks, make, press } from "./dom.js";
import { closeDrawers, listenToDrawers, openSide, toggleSide } from "./drawers.js";
import { Events } from "./events.js";
import { Frames } from "./frame.js";
import { drawWidth, listenToHandle } from "./handle.js";
import { drawInbox, listenToInbox } from "./inbox.js";
import { keyListener, listenToHelp, toggleHelp } from "./keys.js";
import { drawList, entryOf, listenToList, reveal, shownPages, startOf } from "./list.js";
import { drawErrors, forgetAside, listenToOverlay, putAside } from "./overlay.js";
import { drawPanel } from "./panel.js";
import { address, mailAddress, notesAddress, read } from "./state.js";
import { copyHtml, download, drawActions, openTab, tell } from "./take.js";

/** `list` and `page` are the server's last events; `page` is null until the open page's first one has come. */
const now = { state: read(location), list: null, page: null };
let settling = 0;

const KEYS = [
  ["How it is shown", [
    ["1", "Phone, 375 px", () => setWidth(375)],
    ["2", "Tablet, 600 px", () => setWidth(600)],
    ["3", "Desktop, 800 px", () => setWidth(800)],
    ["d", "Dark or light", toggleScheme],
    ["i", "Images on or off", toggleImages],
    ["m", "Mail", () => change({ view: "mail" })],
    ["t", "Plain text", () => change({ view: "text" })],
    ["s", "Source", () => change({ view: "source" })],
    ["r", "Next reader", () => choose("reader", 1)],
    ["R", "Previous reader", () => choose("reader", -1)],
    ["c", "Next client", () => choose("client", 1)],
    ["C", "Previous client", () => choose("client", -1)],
  ]],
  ["Go", [
    ["j", "Next in the list", () => step(1)],
    ["k", "Previous in the list", () => step(-1)],
    ["/", "Filter the list", filterList],
    ["l", "Show or hide the list", () => toggleSide("list")],
    ["p", "Show or hide size and findings", () => toggleSide("panel")],
    ["Escape", "Close, put errors aside", () => closeDrawers() || putAside()],
    ["?", "These keys", toggleHelp],
  ]],
  ["Take along", [
    ["y", "Copy the HTML", () => copyHtml(now.state)],
    ["e", "Download the .eml", download],
    ["o", "Open in a new tab", openTab],
  ]],
];

const onKey = keyListener(KEYS);
const frames = new Frames(onKey);
const events = new Events({ list: onList, page: onPage, status: onStatus });

function onList(list) {
  now.list = list;
  fillChoice("reader", readers());
  fillChoice("client", list.clients);
  if (now.state.page === null && startOf(list)) return open(startOf(list), "replace");
  if (!known("reader") || !known("client")) {
    now.state = { ...now.state, reader: known("reader"), client: known("client") };
    write("replace");
  }
  draw();
}

function onPage(page) {
  if (page.page !== now.state.page) return;
  // A digest's name, and an edition of it that isn't to come any more, stand for its next one.
  if (page.digest && page.digest.page !== page.page) return open(page.digest.page, "replace");
  now.page = page;
  fillChoice("reader", readers());
  if (!known("reader")) now.state = { ...now.state, reader: "" };
  draw();
}

function onStatus(live) {
  // It may be another server than before, which counts its versions anew.
  if (live) frames.doubt();
  const status = find("#status");
  status.dataset.live = String(live);
  status.textContent = live ? "live" : "Not connected: is `pipeline preview` still running?";
}

/** Changes how the open page is shown. */
function change(some) {
  now.state = { ...now.state, ...some };
  write("replace");
  draw();
}

/** Opens another page, shown the same way. */
function open(page, how = "push") {
  if (page !== now.state.page) {
    now.state = { ...now.state, page };
    write(how);
    follow();
  }
  closeDrawers();
}

/** Listens to the page that the state names. */
function follow() {
  now.page = null;
  forgetAside();
  drawErrors([], true);
  draw();
  reveal();
  events.open(now.state.page);
}

function write(how) {
  history[`${how}State`](null, "", address(now.state));
}

function onPopState() {
  const before = now.state.page;
  now.state = read(location);
  if (now.state.page !== before) follow();
  else draw();
}

function draw() {
  const { state, list, page } = now;
  drawControls();
  if (list) {
    find("#newsletter").textContent = list.newsletter.name;
    const current = { page: state.page, broken: Boolean(page?.errors.length) };
    drawList(list, current, hrefOf);
  }
  drawTitle();
  if (!list || !page) return drawEmpty(list && !state.page ? "There is no edition and no article yet." : "");
  const good = Boolean(page.readers[state.reader]);
  const empty = Boolean(page.digest) && !good && !page.errors.length;
  drawErrors(page.errors, good);
  drawInbox(page, state.reader);
  drawPanel(page, state.reader, list.limit, goTo);
  drawDigest(page.digest, empty, hrefOf);
  drawActions(state, shownScheme(), good);
  drawBadge(good && state.view === "mail" ? client() : undefined, notesAddress(state), page.version);
  drawEmpty(good || empty || page.errors.length ? "" : "Nothing has been built yet.");
  if (good) showMail();
  else frames.clear();
}

function showMail() {
  const { state, page } = now;
  const names = page.blocks.map((block) => block.name);
  const scheme = shownScheme();
  const wanted = mailAddress(state, scheme, page.version);
  return frames.show({ address: wanted, page: state.page, view: state.view, scheme, names });
}

function drawTitle() {
  const { state, list, page } = now;
  const entry = list && state.page && entryOf(list, state.page);
  const told = page?.readers[state.reader]?.subject || page?.title || entry?.title;
  const title = told || state.page?.split("/").pop() || "";
  find("#title").textContent = title;
  find("#title").title = title;
  const mark = page?.errors.length ? "(error) " : "";
  document.title = `${mark}${[title, list?.newsletter.name].filter(Boolean).join(" – ") || "Preview"}`;
}

function drawEmpty(message) {
  find("#empty").textContent = message;
}

function drawControls() {
  const { state } = now;
  const fixed = client()?.scheme;
  for (const button of findAll("[data-view]")) press(button, button.dataset.view === state.view);
  for (const button of findAll("[data-width]")) press(button, Number(button.dataset.width) === state.width);
  for (const button of findAll("[data-scheme]")) {
    press(button, button.dataset.scheme === shownScheme());
    button.disabled = Boolean(fixed);
    button.title = fixed ? `${client().name} fixes the scheme` : `${button.textContent} (d)`;
  }
  press(find("#images"), state.images === "on");
  find("#reader").value = state.reader;
  find("#client").value = state.client;
  find("#width").textContent = `${state.width} px`;
  drawWidth(state.width);
}

const hrefOf = (page) => address({ ...now.state, page });
const client = () => now.list?.clients.find((one) => one.id === now.state.client);
const shownScheme = () => client()?.scheme ?? now.state.scheme;

/** The sample readers, and those besides who see what of the open page none of them does. */
function readers() {
  const own = now.list?.readers ?? [];
  const others = Object.entries(now.page?.readers ?? {}).filter(([id]) => id && !own.some((one) => one.id === id));
  return [...own, ...others.map(([id, { name }]) => ({ id, name }))];
}

/** The chosen id if it can still be chosen, else "". Who else there is to look at it as is known once the page is. */
function known(name) {
  const wanted = now.state[name];
  if (name === "reader" && !now.page) return wanted;
  const all = name === "reader" ? readers() : now.list.clients;
  return all.some((one) => one.id === wanted) ? wanted : "";
}

function fillChoice(name, all) {
  const select = find(`#${name}`);
  const told = JSON.stringify(all);
  // An open list of choices would close if it were filled again with the same.
  if (select.dataset.told === told) return;
  select.dataset.told = told;
  select.replaceChildren(select.options[0], ...all.map((one) => make("option", { value: one.id, text: one.name })));
}

function choose(name, by) {
  const ids = [...find(`#${name}`).options].map((option) => option.value);
  change({ [name]: ids.at((ids.indexOf(now.state[name]) + by) % ids.length) });
}

function setWidth(width) {
  const back = frames.hold();
  change({ width });
  back();
}

/** While the width is dragged the address waits: browsers take only so many new ones in a second. */
function resize(width) {
  now.state = { ...now.state, width };
  drawControls();
  clearTimeout(settling);
  settling = setTimeout(() => change({}), 150);
}

function toggleScheme() {
  if (client()?.scheme) tell(`${client().name} fixes the scheme`);
  else change({ scheme: now.state.scheme === "dark" ? "light" : "dark" });
}

function toggleImages() {
  change({ images: now.state.images === "on" ? "off" : "on" });
}

function step(by) {
  const pages = shownPages();
  const at = pages.indexOf(now.state.page);
  const next = at < 0 ? pages[0] : pages[at + by];
  if (next) open(next);
}

function filterList() {
  openSide("list");
  find("#filter").select();
}

/** Shows a block of the mail, from whichever view. */
async function goTo(index) {
  closeDrawers();
  if (now.state.view !== "mail") change({ view: "mail" });
  await showMail();
  frames.goTo(index);
}

function listenToControls() {
  onSegments("view", (view) => change({ view }));
  onSegments("width", (width) => setWidth(Number(width)));
  onSegments("scheme", (scheme) => change({ scheme }));
  find("#images").addEventListener("click", toggleImages);
  find("#copy").addEventListener("click", () => copyHtml(now.state));
  for (const name of ["reader", "client"]) listenToChoice(find(`#${name}`), name);
}

function onSegments(name, run) {
  for (const button of findAll(`[data-${name}]`)) button.addEventListener("click", () => run(button.dataset[name]));
}

/** Who chooses with the mouse goes on with the keys; who chooses with the keys stays in the field. */
function listenToChoice(select, name) {
  let pointed = false;
  select.addEventListener("pointerdown", () => (pointed = true));
  select.addEventListener("keydown", () => (pointed = false));
  select.addEventListener("change", () => {
    change({ [name]: select.value });
    if (pointed) select.blur();
  });
}

listenToControls();
listenToList({ open, redraw: draw });
for (const id of ["#digest", "#nothing"]) listenToLinks(find(id), open);
listenToDrawers();
listenToInbox();
listenToOverlay();
listenToHelp(KEYS);
listenToHandle(resize, () => frames.hold());
document.addEventListener("keydown", onKey);
addEventListener("popstate", onPopState);
draw();
events.open(now.state.page);
