// The messages that the arguments name -> JSON: by file, what npm's mailparser and postal-mime read in each.

import { readFileSync } from "node:fs";
import { simpleParser } from "mailparser";
import PostalMime, { addressParser } from "postal-mime";

const mailbox = ({ name, address }) => [name, address];
const instant = (date) => Math.floor(new Date(date).getTime() / 1000);

async function withMailparser(bytes) {
  const mail = await simpleParser(bytes, { skipTextToHtml: true, skipHtmlToText: true, skipImageLinks: true });
  const list = mail.headers.get("list");
  return {
    headers: mail.headerLines.map((one) => one.key),
    subject: mail.subject,
    from: mail.from.value.map(mailbox),
    to: mail.to.value.map(mailbox),
    date: instant(mail.date),
    "message-id": mail.messageId,
    "list-id": list.id.id,
    "list-unsubscribe": `<${list.unsubscribe.url}>`,
    "list-unsubscribe-post": list["unsubscribe-post"].name,
    text: mail.text,
    html: mail.html,
  };
}

async function withPostalMime(bytes) {
  const mail = await PostalMime.parse(bytes);
  const header = (key) => mail.headers.find((one) => one.key === key).value;
  return {
    headers: mail.headers.map((one) => one.key),
    subject: mail.subject,
    from: [mailbox(mail.from)],
    to: mail.to.map(mailbox),
    date: instant(mail.date),
    "message-id": mail.messageId,
    "list-id": addressParser(header("list-id"))[0].address,
    "list-unsubscribe": header("list-unsubscribe"),
    "list-unsubscribe-post": header("list-unsubscribe-post"),
    text: mail.text,
    html: mail.html,
  };
}

const found = {};
for (const file of process.argv.slice(2)) {
  const bytes = readFileSync(file);
  found[file] = { mailparser: await withMailparser(bytes), "postal-mime": await withPostalMime(bytes) };
}
process.stdout.write(JSON.stringify(found));
