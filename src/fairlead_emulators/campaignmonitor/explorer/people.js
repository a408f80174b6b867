// Clients, lists, members, and one subscriber with its history.

import { actions, newcomer } from "./acting.js";
import { api, get, input, labelled, link, make, options, show, table } from "./tools.js";

const STATES = ["Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted"];

export async function lists() {
  const state = await get("/_control/state");
  return state.clients.flatMap(client => [
    make("h2", client.name),
    make("p", client.time_zone, { className: "muted" }),
    table(`Lists of ${client.name}`, ["List", ...STATES], client.lists.map(list =>
      [link(list.title, "lists", list.id), ...STATES.map(each => list.states[each] || 0)]),
      "None yet: seed the account, or make a list by the API."),
  ]);
}

function latest(rows, named) {
  return table("What happened lately", ["When", ...named ? ["Address"] : [], "What"],
    rows.map(each => [each.at, ...named ? [each.email] : [], each.what]),
    "Nothing since the account was laid.");
}

export async function members(id, page = "1", state = "", search = "") {
  const [found, changes] = await Promise.all([
    get("/_explorer/members?" + new URLSearchParams({ list: id, page, search, state })),
    get("/_explorer/latest?" + new URLSearchParams({ list: id })),
  ]);
  if (found.error) return [make("h2", "List"), make("p", `It cannot be shown: ${found.error}.`)];
  const pages = Math.max(1, found.pages), number = found.page;
  const turn = make("nav", "", { className: "bar" });
  turn.setAttribute("aria-label", "Pages of members");
  if (number > 1) turn.append(link("Previous page", "lists", id, number - 1, state, search));
  turn.append(make("span", `Page ${number.toLocaleString()} of ${pages.toLocaleString()}`));
  if (number < pages) turn.append(link("Next page", "lists", id, number + 1, state, search));
  const rows = found.rows.map(each => [link(each.email, "subscriber", id, each.email), each.name, each.state, each.date]);
  return [
    make("h2", `${found.title} (${found.total.toLocaleString()})`),
    make("p", `List of ${found.client.name}`, { className: "muted" }),
    finder(id, state, search),
    newcomer(id),
    ...pages > 1 ? [turn] : [],
    table("Members", ["Address", "Name", "State", "Since (client’s clock)"], rows,
      search || state ? "Nobody is found by that." : "Nobody yet."),
    latest(changes, true),
  ];
}

function finder(id, state, search) {
  const form = make("form", "", { className: "bar" });
  form.setAttribute("role", "search");
  const text = input("find-text", { type: "search", value: search });
  const states = options({ "": "any", ...Object.fromEntries(STATES.map(each => [each, each])) }, state);
  states.id = "find-state";
  form.append(labelled("Search", text), labelled("State", states), make("button", "Show", { id: "find" }));
  form.onsubmit = event => {
    event.preventDefault();
    show("lists", id, 1, states.value, text.value);
  };
  return form;
}

export async function subscriber(id, email) {
  const [list, found, history, changes] = await Promise.all([
    get("/_explorer/members?" + new URLSearchParams({ list: id, search: "", page: 1 })),
    api(`subscribers/${id}`, { email, includetrackingpreference: true }),
    api(`subscribers/${id}/history`, { email }),
    get("/_explorer/latest?" + new URLSearchParams({ list: id, email })),
  ]);
  if (list.error) return [make("h2", email), make("p", "The account has no such list.")];
  const where = make("p", "List ");
  where.append(link(list.title, "lists", id));
  const top = [make("h2", email), where];
  const acting = actions(id, email, found?.State || "", history || []);
  if (!found) return [...top, make("p", "Nobody of that address is on the list."), acting, latest(changes)];
  const facts = { Name: "Name", State: "State", Date: "In this state since", ListJoinedDate: "Joined the list",
    ReadsEmailWith: "Reads e-mail with", ConsentToTrack: "Consent to tracking", MobileNumber: "Mobile number",
    ConsentToSendSms: "Consent to text messages" };
  const known = Object.entries(facts).filter(([key]) => found[key]).map(([key, name]) => [name, String(found[key])]);
  const past = (history || []).flatMap(each => (each.Actions.length ? each.Actions : [{ Event: "Sent" }]).map(act =>
    [each.Name, each.Type, act.Event, act.Date, act.Detail, act.IPAddress]));
  return [
    ...top,
    acting,
    table("What is known", ["What", "Value"], known),
    table("Custom fields", ["Field", "Value"], found.CustomFields.map(each => [each.Key, each.Value]), "None has a value."),
    table("History", ["E-mail", "Type", "Event", "Date", "Detail", "IP address"], past,
      "No campaign or journey has reached this person."),
    latest(changes),
  ];
}
