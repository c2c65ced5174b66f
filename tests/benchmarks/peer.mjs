// The peer of bench.py: npm's mjml and juice over the same MJML.
//   node peer.mjs FROM TO [SLUG...]      compiles FROM/SLUG.mjml and inlines it into TO/SLUG.html
//   node peer.mjs FROM TO --versions     prints the versions
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../mjml/package.json", import.meta.url));
const [from, to, ...slugs] = process.argv.slice(2);

if (slugs[0] === "--versions") {
  const version = (name) => require(`${name}/package.json`).version;
  console.log(JSON.stringify({ node: process.version, mjml: version("mjml"), juice: version("juice") }));
} else {
  const mjml2html = require("mjml");
  const juice = require("juice");
  mkdirSync(to, { recursive: true });
  for (const slug of slugs) {
    const { html } = await mjml2html(readFileSync(join(from, `${slug}.mjml`), "utf8"), { validationLevel: "skip" });
    writeFileSync(join(to, `${slug}.html`), juice(html));
  }
}
