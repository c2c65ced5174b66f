// The inbox lines: sender, subject and preheader as a phone's and a desktop's list cut them.

import { day, find, findAll, shortDay } from "./dom.js";

const toggle = find("#inbox-toggle");

export function drawInbox(page, reader) {
  const filled = page.readers[reader];
  find("#inbox").hidden = !filled;
  if (!filled) return;
  write("sender", page.sender.name || page.sender.email);
  write("subject", filled.subject, page);
  write("preheader", filled.preheader, page);
  for (const time of findAll("#inbox time")) {
    time.dateTime = page.date;
    time.textContent = shortDay(page.date);
    time.title = day(page.date);
  }
}

function write(name, text, { language = "", direction = "auto" } = {}) {
  for (const element of findAll(`#inbox .${name}`)) {
    element.textContent = text;
    element.lang = language;
    element.dir = direction;
  }
  if (name === "subject") for (const line of findAll("#inbox .text, #inbox-short")) line.dir = direction;
}

export function listenToInbox() {
  toggle.addEventListener("click", () => set(toggle.getAttribute("aria-expanded") === "false"));
  set(matchMedia("(min-width: 720px)").matches);
}

function set(open) {
  toggle.setAttribute("aria-expanded", String(open));
  find("#inbox-rows").hidden = !open;
}
