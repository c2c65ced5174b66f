// Where the blocks of a shown mail are, and where the reader's eye is among them.

import { own } from "./dom.js";

/** Each block's box, relative to the frame's viewport. The server puts comments around block N.
 * @param {Document} inside @returns {Map<number, DOMRect>} */
export function boxes(inside) {
  const walker = own(inside, "createTreeWalker").call(inside, own(inside, "body"), NodeFilter.SHOW_COMMENT);
  const begun = new Map();
  const found = new Map();
  while (walker.nextNode()) {
    const [, end, number] = walker.currentNode.data.match(/^(\/?)block:(\d+)$/) ?? [];
    if (number === undefined) continue;
    if (!end) begun.set(number, walker.currentNode);
    else if (begun.has(number)) found.set(Number(number), between(begun.get(number), walker.currentNode));
  }
  return found;
}

function between(begin, end) {
  const range = begin.ownerDocument.createRange();
  range.setStartAfter(begin);
  range.setEndBefore(end);
  return range.getBoundingClientRect();
}

/** The place of the eye: how far the frame is scrolled, and how deep in which block its upper edge is. A block is known
 * by its name and its number among those of that name, for other blocks may come and go above it. */
export function placeIn(frame, names) {
  const { scrollX: left, scrollY: top } = frame.contentWindow;
  const at = [...boxes(frame.contentDocument)].find(([, box]) => box.top <= 0.5 && box.bottom > 0.5);
  return { left, top, block: at ? keyOf(names, at[0]) : null, depth: at ? -at[1].top : 0 };
}

export function goToPlace(frame, names, place) {
  const inside = frame.contentWindow;
  const box = place.top > 0 && place.block && boxes(frame.contentDocument).get(indexOf(names, place.block));
  const fits = box && place.depth < box.height;
  const top = fits ? box.top + inside.scrollY + place.depth : place.top;
  inside.scrollTo({ left: place.left, top, behavior: "instant" });
}

function keyOf(names, index) {
  const before = names.slice(0, index).filter((name) => name === names[index]);
  return { name: names[index], nth: before.length };
}

function indexOf(names, key) {
  return names.map((_, index) => index).filter((index) => names[index] === key.name)[key.nth];
}
