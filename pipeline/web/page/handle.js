// The handle at the mail's side: drags its width, or takes the arrow keys.

import { find } from "./dom.js";
import { NARROWEST, WIDEST, within } from "./state.js";

const stage = find("#stage");
const device = find("#device");
const handle = find("#handle");

export function drawWidth(width) {
  device.style.width = `${width}px`;
  handle.setAttribute("aria-valuenow", width);
  handle.setAttribute("aria-valuetext", `${width} px`);
  find("#bubble").textContent = `${width} px`;
}

/** @param resize called with each new width @param hold called once before; gives a function to call after each */
export function listenToHandle(resize, hold) {
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    drag(event.clientX, resize, hold());
  });
  handle.addEventListener("keydown", (event) => {
    const width = stepped(event);
    if (width === null) return;
    event.preventDefault();
    const back = hold();
    resize(within(width));
    back();
  });
}

function drag(startX, resize, back) {
  const grip = device.getBoundingClientRect().right - startX;
  const move = (event) => {
    resize(within(widthAt(event.clientX + grip)));
    back();
  };
  const stop = () => {
    handle.removeEventListener("pointermove", move);
    delete handle.dataset.dragged;
  };
  handle.dataset.dragged = "";
  handle.addEventListener("pointermove", move);
  handle.addEventListener("lostpointercapture", stop, { once: true });
}

/** The width at which the device's right side is at x: it stands in the middle of the stage until it fills it. */
function widthAt(x) {
  const { left } = stage.getBoundingClientRect();
  const style = getComputedStyle(stage);
  const room = stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const fromMiddle = x - left - stage.clientWidth / 2;
  return 2 * fromMiddle <= room ? 2 * fromMiddle : room / 2 + fromMiddle + stage.scrollLeft;
}

function stepped(event) {
  const now = Number(handle.getAttribute("aria-valuenow"));
  const step = event.shiftKey ? 1 : 10;
  const steps = { ArrowLeft: now - step, ArrowRight: now + step, Home: NARROWEST, End: WIDEST };
  return steps[event.key] ?? null;
}
