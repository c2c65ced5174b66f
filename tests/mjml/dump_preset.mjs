// Writes pipeline/mjml/preset.json and the licence notice beside it from npm's mjml-preset-core. Run it when a new
// MJML comes out and its number is in package.json:
//
//     npm install --prefix tests/mjml && node tests/mjml/dump_preset.mjs

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const pipeline = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "pipeline", "mjml");

const { components, dependencies } = require("mjml-preset-core");
const facts = require("mjml-preset-core/package.json");
const colors = require("mjml-core/lib/types/helpers/colors");

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
const byName = Object.fromEntries(components.map((component) => [component.componentName, component]));
const names = [...new Set([...Object.keys(byName), ...Object.keys(dependencies)])];

// The reference says "anything" of mj-attributes with a regular expression, which JSON can't hold.
const childrenOf = (name) =>
  (dependencies[name] ?? []).map((child) => (child instanceof RegExp ? "*" : child)).sort();

const tags = names.map((name) => [
  name,
  {
    ending: Boolean(byName[name]?.endingTag),
    attributes: sorted(byName[name]?.allowedAttributes ?? {}),
    children: childrenOf(name),
  },
]);

const preset = {
  package: facts.name,
  version: facts.version,
  license: `${facts.license}, see preset.LICENSE.txt`,
  made_by: "tests/mjml/dump_preset.mjs",
  colors,
  tags: sorted(Object.fromEntries(tags)),
};

writeFileSync(join(pipeline, "preset.json"), `${JSON.stringify(preset, null, 1)}\n`);
writeFileSync(
  join(pipeline, "preset.LICENSE.txt"),
  readFileSync(join(dirname(require.resolve("mjml-preset-core/package.json")), "LICENSE.md"), "utf8"),
);
