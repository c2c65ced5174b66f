// What a person takes along: the HTML on the clipboard, the message as a file, the mail in a tab of its own.

import { find, kilobytes } from "./dom.js";
import { fileAddress, mailAddress } from "./state.js";

const toast = find("#toast");
const links = { download: find("#download"), open: find("#open") };
let timer = 0;

export function tell(message) {
  clearTimeout(timer);
  toast.textContent = message;
  toast.classList.add("up");
  timer = setTimeout(() => toast.classList.remove("up"), 2400);
}

/** @param good whether there is a digest to take along */
export function drawActions(state, scheme, good) {
  point(links.download, good && fileAddress(state, "message.eml"));
  point(links.open, good && mailAddress(state, scheme));
  find("#copy").disabled = !good;
}

function point(link, address) {
  if (address) link.href = address;
  else link.removeAttribute("href");
  link.setAttribute("aria-disabled", String(!address));
}

export const download = () => links.download.hasAttribute("href") && links.download.click();
export const openTab = () => links.open.hasAttribute("href") && links.open.click();

export async function copyHtml(state) {
  if (find("#copy").disabled) return;
  try {
    const answer = await fetch(fileAddress(state, "digest.html"));
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    await write(html);
    tell(`Copied, ${kilobytes(new TextEncoder().encode(html).length)}`);
  } catch {
    tell("Not copied: the HTML could not be fetched.");
  }
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyFromField(text);
  }
}

/** For browsers that refuse their clipboard to a page that isn't in front or isn't secure. */
function copyFromField(text) {
  const field = document.createElement("textarea");
  const before = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  if (!copied) throw new Error("the browser refuses its clipboard");
}
