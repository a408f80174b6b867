// What a subscriber does by a button, and what that leads to.

import { input, labelled, make, options, post, say, show } from "./tools.js";

const ACTS = {
  subscribe: "Subscribes", confirm: "Confirms", unsubscribe: "Unsubscribes", complain: "Complains of spam",
  bounce: "Bounces", soft_bounce: "Bounces softly", delete: "Is deleted",
};
const OF_MAIL = { open: "Opens", click: "Clicks" };
// Told beside the act where an e-mail is chosen: it is then counted there, too.
const MAY_HAVE_MAIL = ["open", "click", "unsubscribe", "complain", "bounce", "soft_bounce"];
const NO_MAIL = "";
let chosen = null;

async function act(wish) {
  const done = await post("/_control/act", wish);
  say(done.error || `${done.email} is now ${done.state} (${done.name || "no name"}).`);
  return done;
}

function buttons(acts, wish) {
  return Object.entries(acts).map(([name, text]) => {
    const button = make("button", text, { type: "button", id: `act-${name}` });
    button.onclick = async () => {
      if (name in OF_MAIL && !chosen) return say("Choose the e-mail first.");
      const campaign = chosen && MAY_HAVE_MAIL.includes(name) ? { campaign: chosen } : {};
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

/** What a person got, to choose from: id → name. Opens and clicks need one; the others may be without. */
function chooser(mails) {
  if (!(chosen in mails) && chosen !== NO_MAIL) chosen = Object.keys(mails)[0];
  const select = options({ ...mails, [NO_MAIL]: "none of them" }, chosen);
  select.id = "act-mail";
  select.onchange = () => { chosen = select.value; };
  return labelled("With the e-mail", select);
}

/** Everything that one subscriber can do. `state`: the present one, empty where the address is not on the list. */
export function actions(list, email, state, history) {
  const wish = { list, email };
  const box = make("fieldset");
  box.append(make("legend", "What this person does"));
  if (!state) {
    box.append(...buttons({ subscribe: ACTS.subscribe }, wish));
    return box;
  }
  const simple = { ...ACTS };
  if (state !== "Unconfirmed") delete simple.confirm;
  const bar = make("div", "", { className: "bar" });
  if (history.length) {
    box.append(chooser(Object.fromEntries(history.map(each => [each.ID, `${each.Name} (${each.Type})`]))));
    bar.append(...buttons(OF_MAIL, wish));
  } else {
    chosen = null;
    box.append(make("p", "Who has got a campaign or a journey’s e-mail can also open it and click.", { className: "muted" }));
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
