// The badge above the mail when it is shown as a client would: says that it is an approximation, and by which rules.

import { find, make, plural } from "./dom.js";

const badge = find("#badge");
const rules = find("#rules");
let told = "";
let asked = null;

/** @param client the chosen client or undefined @param address where its rules are told @param version of the page:
 * the rules are asked for again when the address or the version changes */
export async function drawBadge(client, address, version) {
  badge.hidden = !client;
  const wanted = client ? `${version} ${address}` : "";
  if (wanted === told) return;
  told = wanted;
  asked?.abort();
  if (!client) return;
  find("#badge-name").textContent = `An approximation of ${client.name}`;
  asked = new AbortController();
  try {
    const answer = await fetch(address, { signal: asked.signal });
    drawRules((await answer.json()).rules);
  } catch (error) {
    if (error.name === "AbortError") return;
    told = "";
    find("#badge-count").textContent = "";
    rules.replaceChildren();
  }
}

function drawRules(all) {
  const count = all.length ? `${plural(all.length, "rule")} applied` : "nothing had to be taken out";
  find("#badge-count").textContent = `· ${count}`;
  rules.replaceChildren(...all.map(ruleRow));
}

function ruleRow(rule) {
  const link = { href: rule.source, target: "_blank", rel: "noopener noreferrer", text: rule.source };
  return make(
    "li",
    {},
    make("strong", { text: rule.title }),
    make("span", { class: "count", text: ` × ${rule.count}` }),
    make("p", { text: rule.note }),
    /^https:\/\//.test(rule.source) && make("a", link),
  );
}
