// Clients, lists, members, and one subscriber with its history.

import { api, get, link, make, post, say, table } from "./tools.js";

const STATES = ["Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted"];
const ACTS = {
  subscribe: "subscribes", confirm: "confirms", unsubscribe: "unsubscribes", open: "opens", click: "clicks",
  bounce: "bounces", soft_bounce: "bounces softly", complain: "complains of spam", delete: "is deleted",
  change_name: "changes name to", change_address: "changes address to",
};

export async function lists() {
  const state = await get("/_control/state");
  return state.clients.flatMap(client => [
    make("h2", client.name),
    make("p", client.time_zone, { className: "muted" }),
    table(`Lists of ${client.name}`, ["List", ...STATES], client.lists.map(list =>
      [link(list.title, "lists", list.id), ...STATES.map(each => list.states[each] || 0)])),
  ]);
}

async function titleOf(id) {
  const state = await get("/_control/state");
  return state.clients.flatMap(client => client.lists).find(list => list.id === id)?.title || id;
}

export async function members(id, page = "1", state = "", search = "") {
  const found = await get("/_explorer/members?" + new URLSearchParams({ list: id, page, search, state }));
  if (found.error) return [make("p", found.error)];
  const pages = Math.max(1, found.pages), number = found.page;
  const turn = make("nav", "", { className: "bar" });
  turn.setAttribute("aria-label", "Pages of members");
  if (number > 1) turn.append(link("Previous page", "lists", id, number - 1, state, search));
  turn.append(make("span", `Page ${number} of ${pages}`));
  if (number < pages) turn.append(link("Next page", "lists", id, number + 1, state, search));
  const rows = found.rows.map(each => [link(each.email, "subscriber", id, each.email), each.name, each.state, each.date]);
  return [
    make("h2", `${await titleOf(id)} (${found.total.toLocaleString()})`),
    finder(id, state, search),
    actor(id, ""),
    turn,
    table("Members", ["Address", "Name", "State", "Since (client’s clock)"], rows),
  ];
}

function labelled(text, input) {
  const label = make("label", text + " ");
  label.append(input);
  return label;
}

function options(choices, chosen) {
  const select = make("select");
  select.append(...Object.entries(choices).map(([value, text]) => make("option", text, { value })));
  select.value = chosen;
  return select;
}

function finder(id, state, search) {
  const form = make("form", "", { className: "bar" });
  const text = make("input", "", { type: "search", value: search });
  const states = options({ "": "any", ...Object.fromEntries(STATES.map(each => [each, each])) }, state);
  form.append(labelled("Search", text), labelled("State", states), make("button", "Show"));
  form.onsubmit = event => {
    event.preventDefault();
    location.hash = ["lists", id, 1, states.value, text.value].map(encodeURIComponent).join("/");
  };
  return form;
}

/** The form by which a subscriber does something; the page is drawn anew afterwards. */
function actor(id, address) {
  const form = make("form", "", { className: "bar" });
  const email = make("input", "", { type: "email", required: true, value: address, size: 26 });
  const act = options(ACTS, "subscribe");
  const value = make("input");
  const further = labelled("New value", value);
  form.append(labelled("Subscriber", email), labelled("does", act), further, make("button", "Do it"));
  const show = () => { further.hidden = !act.value.startsWith("change_"); };
  act.onchange = show;
  show();
  form.onsubmit = async event => {
    event.preventDefault();
    const key = act.value === "change_address" ? "new_email" : "name";
    const wish = { list: id, email: email.value, do: act.value };
    if (value.value && !further.hidden) wish[key] = value.value;
    const done = await post("/_control/act", wish);
    say(done.error || `${done.email} is now ${done.state} (${done.name || "no name"}).`);
    if (!done.error && address && done.email !== address) {
      location.hash = ["subscriber", id, done.email].map(encodeURIComponent).join("/");
    } else {
      document.dispatchEvent(new Event("redraw"));
    }
  };
  return form;
}

export async function subscriber(id, email) {
  const [found, history] = await Promise.all([
    api(`subscribers/${id}`, { email, includetrackingpreference: true }),
    api(`subscribers/${id}/history`, { email }),
  ]);
  const top = [make("h2", email), link(`List ${await titleOf(id)}`, "lists", id), actor(id, email)];
  if (!found) return [...top, make("p", "Nobody of that address is on the list.")];
  const facts = ["Name", "State", "Date", "ListJoinedDate", "ReadsEmailWith", "ConsentToTrack", "MobileNumber"];
  const known = facts.filter(each => found[each]).map(each => [each, String(found[each])]);
  const past = (history || []).flatMap(each => each.Actions.map(act =>
    [each.Name, each.Type, act.Event, act.Date, act.Detail, act.IPAddress]));
  return [
    ...top,
    table("What is known", ["What", "Value"], known),
    table("Custom fields", ["Field", "Value"], found.CustomFields.map(each => [each.Key, each.Value])),
    table("History", ["E-mail", "Type", "Event", "Date", "Detail", "IP address"], past),
  ];
}
