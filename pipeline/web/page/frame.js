// The frame that shows the mail: each load happens in a hidden frame that takes over when it is ready, without a jump.

import { find, make, own } from "./dom.js";
import { boxes, goToPlace, placeIn } from "./places.js";

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";
const MARGIN = 16;
const device = find("#device");
const screen = find("#screen");
const flash = find("#flash");

export class Frames {
  #shown = null;
  #pending = null;
  #ready = Promise.resolve();
  #places = new Map();
  #onKey;

  /** @param onKey what to do with a key that is pressed while the focus is in the mail */
  constructor(onKey) {
    this.#onKey = onKey;
  }

  /** Shows an address as soon as it is loaded; the last wish wins.
   * @param want {address, page, view, scheme, names}: names are those of the mail's blocks, in their order */
  show(want) {
    if (this.#pending?.want.address === want.address) return this.#ready;
    this.#drop();
    if (this.#shown?.want.address === want.address) return Promise.resolve();
    const frame = { element: hiddenFrame(want), want };
    this.#pending = frame;
    this.#ready = new Promise((done) => frame.element.addEventListener("load", () => this.#arrived(frame).then(done)));
    screen.append(frame.element);
    device.hidden = false;
    return this.#ready;
  }

  /** Shows nothing: there is no good digest. */
  clear() {
    this.#drop();
    this.#shown?.element.remove();
    this.#shown = null;
    device.hidden = true;
  }

  /** The next wish is loaded even if its address is the shown one: another server may stand behind it. */
  doubt() {
    if (this.#shown) this.#shown.want = { ...this.#shown.want, address: "" };
  }

  /** The place of the eye now, as a function that goes back there: for changes of the width. */
  hold() {
    if (!this.#shown) return () => {};
    const { element, want } = this.#shown;
    const place = placeIn(element, want.names);
    return () => element.isConnected && goToPlace(element, want.names, place);
  }

  /** Scrolls to a block and lights it up for a moment. */
  goTo(index) {
    const frame = this.#shown?.element;
    const box = frame && boxes(frame.contentDocument).get(index);
    if (!box?.height) return;
    frame.contentWindow.scrollBy({ top: box.top - MARGIN, behavior: "instant" });
    light(boxes(frame.contentDocument).get(index));
  }

  async #arrived(frame) {
    if (frame !== this.#pending) return;
    // A server that has gone leaves the browser's own error page, which belongs to nobody: the last mail is better.
    const inside = frame.element.contentDocument;
    if (!inside || !own(inside, "body")) return this.#drop();
    prepare(frame);
    this.#goBack(frame);
    await painted();
    if (frame !== this.#pending) return;
    this.#goBack(frame);
    this.#swap(frame);
  }

  /** Where the reader was: in the frame in front, or in this view when it was last open. */
  #goBack(frame) {
    if (this.#shown?.want.page !== frame.want.page) this.#places.clear();
    else this.#places.set(this.#shown.want.view, placeIn(this.#shown.element, this.#shown.want.names));
    const place = this.#places.get(frame.want.view);
    if (place) goToPlace(frame.element, frame.want.names, place);
  }

  #swap(frame) {
    const focused = this.#shown !== null && document.activeElement === this.#shown.element;
    frame.element.className = "shown";
    frame.element.removeAttribute("aria-hidden");
    frame.element.removeAttribute("tabindex");
    frame.element.contentWindow.addEventListener("keydown", this.#onKey);
    this.#shown?.element.remove();
    this.#shown = frame;
    this.#pending = null;
    if (focused) frame.element.focus({ preventScroll: true });
  }

  #drop() {
    this.#pending?.element.remove();
    this.#pending = null;
  }
}

function hiddenFrame(want) {
  const title = { mail: "The mail", text: "The plain text", source: "The source" }[want.view];
  const element = make("iframe", { sandbox: SANDBOX, class: "hidden", title, "aria-hidden": "true", tabindex: "-1" });
  element.style.colorScheme = want.scheme;
  element.src = want.address;
  return element;
}

function prepare({ element, want }) {
  // A picture that is decoded later would be missing for a moment after the swap.
  const inside = element.contentDocument;
  for (const image of own(inside, "images")) image.decoding = "sync";
  // A scroll bar takes 15 px on many machines, and then 375 would not be 375.
  if (want.view === "mail") own(inside, "documentElement").style.scrollbarWidth = "none";
}

/** Resolves when the browser has painted once more; a page in the background is never painted. */
function painted() {
  if (document.hidden) return Promise.resolve();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  return frame().then(frame);
}

function light(box) {
  const { top, left, width, height } = box;
  for (const [name, value] of Object.entries({ top, left, width, height })) flash.style[name] = `${value}px`;
  flash.animate([{ opacity: 1 }, { opacity: 1, offset: 0.3 }, { opacity: 0 }], { duration: 1200, easing: "ease-out" });
}
