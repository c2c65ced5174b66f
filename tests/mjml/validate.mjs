// Reads a JSON list of MJML documents and writes a JSON list of what the reference's strict validation says of each:
// the messages, none for a valid document.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const mjml2html = createRequire(import.meta.url)("mjml");

const verdict = async (source) => {
  try {
    await mjml2html(source, { fonts: {}, validationLevel: "strict" });
    return [];
  } catch (error) {
    return error.errors?.map(({ message }) => message) ?? [error.message];
  }
};

const verdicts = [];
for (const source of JSON.parse(readFileSync(0, "utf8"))) verdicts.push(await verdict(source));
process.stdout.write(JSON.stringify(verdicts));
