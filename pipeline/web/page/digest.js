// A digest's edition: its window and what it leaves out, in the panel; in the middle too while there is nothing in it.

import { factRows, find, make, moment, plural, redraw } from "./dom.js";

const panel = find("#digest");
const nothing = find("#nothing");
// Each save draws anew; who has unfolded the rest wants to see what becomes of it.
let unfolded = false;

/** @param digest the page's, null where it is none @param empty whether it has nothing to show @param hrefOf page ->
 * address */
export function drawDigest(digest, empty, hrefOf) {
  panel.hidden = !digest;
  nothing.hidden = !digest || !empty;
  if (!digest) return;
  redraw(panel.querySelector(".content"), ...facts(digest), ...(empty ? [] : leftOut(digest, hrefOf)));
  if (empty) redraw(nothing.querySelector(".content"), ...reasons(digest), ...leftOut(digest, hrefOf));
}

function facts(digest) {
  const told = {
    Due: moment(digest.end),
    "Articles since": moment(digest.begin),
    Timezone: digest.timezone,
    Takes: plural(digest.taken, "article"),
  };
  return [make("dl", {}, ...factRows(told))];
}

function reasons(digest) {
  const none = `There is no article for ${digest.name} from ${moment(digest.begin)} up to ${moment(digest.end)}.`;
  const skipped = "If it stays so, no edition is made for this date.";
  const failed = "If it stays so, the build fails: when_empty is “fail”.";
  return [make("p", { text: none }), make("p", { text: digest.when_empty === "fail" ? failed : skipped })];
}

function leftOut(digest, hrefOf) {
  const { left_out: all, others } = digest;
  const row = (one) => leftOutRow(one, hrefOf);
  return [
    (all.length || others.count) && make("h3", { text: "Left out" }),
    all.length && make("ul", { class: "left-out" }, ...all.map(row)),
    others.count && rest(others, row),
  ];
}

function leftOutRow(one, hrefOf) {
  const link = { href: hrefOf(one.page), "data-page": one.page, "data-key": one.page, text: one.slug };
  return make("li", {}, make("a", link), make("span", { class: "reason", text: one.reason }));
}

function rest(others, row) {
  const more = others.count - others.newest.length;
  const noun = others.older ? "older one" : "other";
  return make(
    "details",
    { open: unfolded ? "" : null, toggle: (event) => (unfolded = event.target.open) },
    make("summary", { "data-key": "others", text: plural(others.count, noun) }),
    make("ul", { class: "left-out" }, ...others.newest.map(row)),
    more > 0 && make("p", { class: "nothing", text: `and ${more} more` }),
  );
}
