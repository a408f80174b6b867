// The page's frame: which part is shown by the address, the clock, and drawing anew.

import * as people from "./people.js";
import * as rooms from "./rooms.js";
import { get, make, post, say } from "./tools.js";

const $ = id => document.getElementById(id);
const PARTS = {
  lists: (...ids) => ids.length ? people.members(...ids) : people.lists(),
  subscriber: people.subscriber,
  ...rooms,
};
const UNDER = { subscriber: "lists", campaign: "campaigns" };
let drawing = 0;

async function draw() {
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
  if (mine === drawing) $("room").replaceChildren(...shown);
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

addEventListener("hashchange", () => { say(""); draw(); });
document.addEventListener("redraw", redraw);
setInterval(top, 10_000);
redraw();
