// The page's frame: which part is shown by the address, the clock, and drawing anew.

import * as people from "./people.js";
import * as rooms from "./rooms.js";
import { forget, get, make, post, say } from "./tools.js";

const $ = id => document.getElementById(id);
const PARTS = {
  lists: (...ids) => ids.length ? people.members(...ids) : people.lists(),
  subscriber: people.subscriber,
  ...rooms,
};
const UNDER = { subscriber: "lists", campaign: "campaigns" };
const TITLE = document.title;
// Parts that are drawn anew by themselves while somebody watches. The others may be dear to count.
const WATCHED = ["lists", "subscriber", "transactional", "webhooks", "requests"];
let drawing = 0, typed = false, drawn = "";

/** Draws the part that the address names. `moved`: somebody has just come there. */
async function draw(moved = false) {
  const mine = ++drawing;
  const [name, ...ids] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const part = name in PARTS ? name : "lists";
  for (const each of $("rooms").children) {
    if (each.hash === "#" + (UNDER[part] || part)) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  let shown;
  try {
    shown = await PARTS[part](...ids);
  } catch (error) {
    shown = [make("p", `This part cannot be shown: ${error.message}. Reload the page.`)];
  }
  // A slower part must not overwrite the one that was chosen after it.
  if (mine !== drawing) return;
  const before = drawn;
  drawn = location.hash + shown.map(each => each.outerHTML).join("");
  if (drawn === before) return;
  const held = document.activeElement;
  const inside = $("room").contains(held);
  $("room").replaceChildren(...shown);
  typed = false;
  const head = $("room").querySelector("h2");
  document.title = head ? `${head.textContent} – ${TITLE}` : TITLE;
  if (head) head.tabIndex = -1;
  if (moved) head?.focus();
  else if (inside) (counterpart(held) || head)?.focus({ preventScroll: true });
}

/** What stands now where an element stood before the part was drawn anew; null when it has gone. */
function counterpart(held) {
  if (held.id) return $(held.id);
  const same = held.hash ? each => each.hash === held.hash : each => each.ariaLabel === held.ariaLabel;
  return [...$("room").querySelectorAll(held.tagName)].find(same);
}

function watch() {
  const [part, , , , search] = location.hash.slice(1).split("/");
  if (!document.hidden && !typed && !search && WATCHED.includes(part || "lists")) draw();
}

async function top() {
  const [state, clock] = await Promise.all([get("/_control/state"), get("/_control/clock")]);
  const { clients, lists, subscribers, suppressed } = state.totals;
  $("totals").textContent = `Clients: ${clients}, lists: ${lists}, subscribers: ${subscribers.toLocaleString()}, ` +
    `suppressed: ${suppressed.toLocaleString()}.`;
  $("now").dateTime = clock.now;
  $("now").textContent = clock.now.slice(0, 16).replace("T", " ") + " UTC";
}

$("clock").onsubmit = async event => {
  event.preventDefault();
  const done = await post("/_control/clock", { advance_seconds: Number(event.submitter.value) });
  say(done.error || `It is now ${done.now.slice(0, 16).replace("T", " ")} UTC.`);
  redraw();
};

async function redraw() {
  await Promise.all([draw(), top()]);
}

$("room").addEventListener("input", () => { typed = true; });
addEventListener("hashchange", () => { forget(); draw(true); });
document.addEventListener("redraw", () => { drawn = ""; redraw(); });
setInterval(top, 10_000);
setInterval(watch, 3_000);
redraw();
