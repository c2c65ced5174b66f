// The HTML files that the arguments name -> JSON: by file, what html-validate's standard and a11y presets object to,
// each as [rule, message, line].

import { HtmlValidate, StaticConfigLoader } from "html-validate";

const presets = ["html-validate:standard", "html-validate:a11y"];
const validator = new HtmlValidate(new StaticConfigLoader({ root: true, extends: presets }));
const found = {};
for (const file of process.argv.slice(2)) {
  const report = await validator.validateFile(file);
  found[file] = report.results.flatMap((one) => one.messages).map((one) => [one.ruleId, one.message, one.line]);
}
process.stdout.write(JSON.stringify(found));
