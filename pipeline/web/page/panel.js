// The side panel: the size meter with each block's share, the findings, and a few quiet facts.

import { factRows, find, kilobytes, make, plural, redraw } from "./dom.js";

const REST = "frame and styles";
const NEAR = 0.88;
const LEVELS = { error: "error", warn: "warning", note: "note" };

/** @param page the server's page @param reader whose sizes are told @param goTo called with a block's index */
export function drawPanel(page, reader, limit, goTo) {
  const filled = page?.readers[reader];
  for (const id of ["#meter", "#findings"]) find(id).hidden = Boolean(page?.digest && !filled);
  drawMeter(page, filled, limit, goTo);
  drawFindings(page, filled, goTo);
  drawFacts(page, filled);
}

function drawMeter(page, filled, limit, goTo) {
  const content = find("#meter .content");
  if (!filled) return redraw(content, make("p", { class: "nothing", text: "Nothing has been built yet." }));
  const parts = partsOf(page, filled);
  const largest = Math.max(...parts.map((part) => part.bytes), 1);
  const fullness = filled.bytes > limit ? "over" : filled.bytes > limit * NEAR ? "near" : "fine";
  const strong = make("strong", { text: kilobytes(filled.bytes) });
  const total = make("p", { class: "total", "data-fullness": fullness }, strong, ` of ${kilobytes(limit)}`);
  redraw(
    content,
    total,
    make("p", { class: "verdict", text: verdict(filled.bytes, limit, fullness) }),
    bar(parts, limit, filled.bytes, fullness),
    make("ul", { class: "blocks" }, ...parts.map((part) => make("li", {}, row(part, filled.bytes, largest, goTo)))),
  );
  for (const part of content.querySelectorAll("[data-share]")) part.style.setProperty("--share", part.dataset.share);
}

function partsOf(page, filled) {
  const blocks = page.blocks.map((block, index) => ({ ...block, index, bytes: filled.blocks[index] }));
  const rest = filled.bytes - blocks.reduce((sum, block) => sum + block.bytes, 0);
  return [...blocks, { name: REST, bytes: Math.max(0, rest), index: null }];
}

function verdict(bytes, limit, fullness) {
  if (fullness === "over") return `Gmail clips it: ${kilobytes(bytes - limit)} too much.`;
  if (fullness === "near") return `Only ${kilobytes(limit - bytes)} until Gmail clips it.`;
  return "Gmail clips what is larger.";
}

function bar(parts, limit, total, fullness) {
  const label = `${kilobytes(total)} of ${kilobytes(limit)}`;
  const share = (part) => part.bytes / Math.max(limit, total);
  const segments = parts.map((part) => {
    const name = part.index === null ? "rest" : null;
    const title = `${part.name}, ${kilobytes(part.bytes)}`;
    return make("span", { class: name, "data-part": part.index, "data-share": share(part), title });
  });
  return make("div", { class: "bar", role: "img", "aria-label": label, "data-fullness": fullness }, ...segments);
}

function row(part, total, largest, goTo) {
  const percent = total ? (part.bytes / total) * 100 : 0;
  const cells = [
    make("span", { class: "name", text: part.name }),
    make("span", { class: "size", text: part.bytes ? kilobytes(part.bytes) : "not shown" }),
    make("span", { class: "percent", text: part.bytes ? `${Math.round(percent)} %` : "" }),
    ...(part.for ? [make("code", { class: "for", text: part.for })] : []),
  ];
  const share = { "data-share": part.bytes / largest };
  if (part.index === null) return make("span", { class: "block rest", ...share }, ...cells);
  const light = (on) => () => find(`#meter [data-part="${part.index}"]`)?.classList.toggle("lit", on);
  return make(
    "button",
    {
      type: "button",
      class: "block",
      ...share,
      "data-block": part.index,
      "data-key": `block ${part.index}`,
      title: part.where,
      click: () => goTo(part.index),
      pointerenter: light(true),
      pointerleave: light(false),
      focus: light(true),
      blur: light(false),
    },
    ...cells,
  );
}

function drawFindings(page, filled, goTo) {
  const findings = page?.findings ?? [];
  find("#findings-title").textContent = findings.length ? `Findings, ${findings.length}` : "Findings";
  const nothing = filled ? "Nothing to report about this digest." : "Nothing has been looked at yet.";
  const items = findings.map((finding, index) => make("li", {}, findingRow(finding, index, goTo)));
  const content = items.length ? make("ul", {}, ...items) : make("p", { class: "nothing", text: nothing });
  redraw(find("#findings .content"), ...readiness(page, findings), content);
}

function readiness(page, findings) {
  if (typeof page?.ready !== "boolean") return [];
  const errors = findings.filter((finding) => finding.level === "error").length + page.errors.length;
  const text = page.ready ? "Ready to send" : `Not ready: ${plural(errors, "error")}`;
  return [make("p", { class: "readiness", "data-ready": String(page.ready), text })];
}

function findingRow(finding, index, goTo) {
  const there = finding.block !== null;
  const attributes = { class: "finding", "data-level": finding.level, "data-key": `finding ${index}` };
  const click = { type: "button", title: "Go to the block", click: () => goTo(finding.block) };
  return make(
    there ? "button" : "div",
    { ...attributes, ...(there ? click : {}) },
    make("span", { class: "level", text: [LEVELS[finding.level] ?? finding.level, finding.rule].filter(Boolean).join(" · ") }),
    make("span", { class: "message", text: finding.message }),
    ...(finding.reason ? [make("span", { class: "why", text: `${finding.reason} ${finding.remedy}` })] : []),
    make("code", { text: finding.where }),
  );
}

function drawFacts(page, filled) {
  find("#facts").hidden = !filled;
  if (!filled) return;
  const facts = {
    Subject: plural([...filled.subject].length, "character"),
    Preheader: plural([...filled.preheader].length, "character"),
    "Plain text": kilobytes(filled.text_bytes),
    ...(page.pictures_elsewhere ? { "Pictures elsewhere": `${page.pictures_elsewhere}, not loaded here` } : {}),
    Rendered: `in ${page.milliseconds < 10 ? page.milliseconds.toFixed(1) : Math.round(page.milliseconds)} ms`,
  };
  redraw(find("#facts .content"), ...factRows(facts));
}
