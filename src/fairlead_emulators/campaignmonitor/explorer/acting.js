// What a subscriber does by a button, and what that leads to.

import { api, input, labelled, make, options, post, say, show } from "./tools.js";

const ACTS = {
  subscribe: "Subscribes", confirm: "Confirms", unsubscribe: "Unsubscribes", complain: "Complains of spam",
  bounce: "Bounces", soft_bounce: "Bounces softly", delete: "Is deleted",
};
const OF_CAMPAIGN = { open: "Opens", click: "Clicks" };
// Told beside the act where a campaign is chosen: it is then counted there, too.
const MAY_HAVE_CAMPAIGN = ["open", "click", "unsubscribe", "complain", "bounce", "soft_bounce"];
let chosen = "";

async function act(wish) {
  const done = await post("/_control/act", wish);
  say(done.error || `${done.email} is now ${done.state} (${done.name || "no name"}).`);
  return done;
}

/** The sent campaigns of a client, newest first: id → name. */
async function campaignsOf(client) {
  const found = await api(`clients/${client}/campaigns`, { pagesize: 50 });
  return Object.fromEntries((found?.Results || []).map(each => [each.CampaignID, `${each.Name} (${each.SentDate.slice(0, 10)})`]));
}

function buttons(acts, wish) {
  return Object.entries(acts).map(([name, text]) => {
    const button = make("button", text, { type: "button", id: `act-${name}` });
    button.onclick = async () => {
      const campaign = chosen && MAY_HAVE_CAMPAIGN.includes(name) ? { campaign: chosen } : {};
      await act({ ...wish, do: name, ...campaign });
      document.dispatchEvent(new Event("redraw"));
    };
    return button;
  });
}

/** One value and a button; `done` gets what the account says of it. */
function changer(name, label, type, text, wish, done) {
  const form = make("form", "", { className: "bar" });
  const value = input(`${name}-value`, { type, required: true, size: 26 });
  form.append(labelled(label, value), make("button", text, { id: `act-${name}` }));
  form.onsubmit = async event => {
    event.preventDefault();
    done(await act({ ...wish, do: name, [name === "change_address" ? "new_email" : "name"]: value.value }));
  };
  return form;
}

/** Everything that one subscriber can do. `state`: the present one, empty where the address is not on the list. */
export async function actions(list, client, email, state) {
  const wish = { list, email };
  const box = make("fieldset");
  box.append(make("legend", "What this person does"));
  const simple = { ...ACTS };
  if (state !== "Unconfirmed") delete simple.confirm;
  if (!state) return justSubscribe(box, wish);
  const sent = await campaignsOf(client);
  const bar = make("div", "", { className: "bar" });
  if (Object.keys(sent).length) {
    if (!(chosen in sent) && chosen !== "none") chosen = Object.keys(sent)[0];
    const select = options({ ...sent, none: "no campaign" }, chosen);
    select.id = "act-campaign";
    select.onchange = () => { chosen = select.value; };
    box.append(labelled("With the campaign", select));
    bar.append(...buttons(OF_CAMPAIGN, wish));
  } else {
    chosen = "";
    box.append(make("p", "To open and to click there has to be a sent campaign: this client has none.", { className: "muted" }));
  }
  bar.append(...buttons(simple, wish));
  const again = () => document.dispatchEvent(new Event("redraw"));
  box.append(
    bar,
    changer("change_address", "New address", "email", "Changes address", wish, done =>
      done.error || done.email === email ? again() : show("subscriber", list, done.email)),
    changer("change_name", "New name", "text", "Changes name", wish, again),
  );
  return box;
}

function justSubscribe(box, wish) {
  box.append(...buttons({ subscribe: ACTS.subscribe }, wish));
  return box;
}

/** The form by which somebody new joins a list. */
export function newcomer(list) {
  const form = make("form", "", { className: "bar" });
  const email = input("new-email", { type: "email", required: true, size: 26 });
  const name = input("new-name", { size: 18 });
  form.append(labelled("Address", email), labelled("Name", name), make("button", "Subscribes", { id: "act-new" }));
  form.onsubmit = async event => {
    event.preventDefault();
    const done = await act({ list, do: "subscribe", email: email.value, ...name.value && { name: name.value } });
    if (!done.error) show("subscriber", list, done.email);
  };
  const box = make("fieldset");
  box.append(make("legend", "Somebody new"), form);
  return box;
}
