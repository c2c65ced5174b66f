// Compiles tests/mjml/reference/*.mjml with npm's mjml, the reference, each to the .html of the same name:
//
//     npm install --prefix tests/mjml && node tests/mjml/regenerate.mjs
//
// An argument names another folder to write to. Indentation is left out, to keep the files small.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const mjml2html = createRequire(import.meta.url)("mjml");
const sources = join(dirname(fileURLToPath(import.meta.url)), "reference");
const target = process.argv[2] ?? sources;

const compact = (html) =>
  html
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .join("\n");

mkdirSync(target, { recursive: true });
for (const file of readdirSync(sources).filter((name) => name.endsWith(".mjml"))) {
  const source = readFileSync(join(sources, file), "utf8");
  const { html } = await mjml2html(source, { fonts: {}, validationLevel: "skip" });
  writeFileSync(join(target, file.replace(/\.mjml$/, ".html")), `${compact(html)}\n`);
}
