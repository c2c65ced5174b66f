// Standard input, [{engine, source, values}], as JSON -> what each source is for its values, as JSON.
// Services have helpers of their own, told on their pages; these do what is told there.

import { readFileSync } from "node:fs";
import Handlebars from "handlebars";
import { Liquid } from "liquidjs";
import Mustache from "mustache";

const equal = (one, other) => String(one ?? "") === String(other ?? "");

function handlebars(helper, options = {}) {
  const own = Handlebars.create();
  if (helper) {
    own.registerHelper(helper, function (one, other, { fn, inverse }) {
      return equal(one, other) ? fn(this) : inverse(this);
    });
  }
  return (source, values) => own.compile(source, options)(values);
}

const liquid = new Liquid();

const engines = {
  sendgrid: handlebars("equals"),
  mailgun: handlebars("equal"),
  // Amazon SES escapes nothing.
  ses: handlebars("", { noEscape: true }),
  // Mustachio can't be had; in what is asked of it here Mustache is the same.
  postmark: (source, values) => Mustache.render(source, values),
  customerio: (source, values) => liquid.parseAndRenderSync(source, values),
};

const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(({ engine, source, values }) => engines[engine](source, values))));
