// The peer of messages.py: handlebars fills a mail for one reader after the other, nodemailer makes the message.
//   node messages.mjs FILE     FILE is JSON: the mail's templates and its readers; prints microseconds a message
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import Handlebars from "handlebars";
import MailComposer from "nodemailer/lib/mail-composer/index.js";

const { html, text, subject, from, readers } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const templates = [html, text, subject].map((source, index) => Handlebars.compile(source, { noEscape: index > 0 }));

async function message(reader) {
  const [ofHtml, ofText, ofSubject] = templates.map((template) => template(reader));
  const mail = {
    from,
    to: { name: reader.first_name, address: reader.email },
    subject: ofSubject,
    html: ofHtml,
    text: ofText,
    headers: { "List-Unsubscribe": `<${reader.unsubscribe_url}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
    textEncoding: "quoted-printable",
  };
  return new MailComposer(mail).compile().build();
}

let bytes = 0;
for (const reader of readers.slice(0, 20)) bytes = (await message(reader)).length;
const begin = performance.now();
for (const reader of readers) await message(reader);
const micros = ((performance.now() - begin) / readers.length) * 1000;
console.log(JSON.stringify({ micros, bytes }));
