// What every part of the page uses: asking, building elements, tables.

export async function get(path) {
  const answer = await fetch(path);
  return answer.json();
}

export async function post(path, body) {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(body) });
  const found = await answer.json();
  return answer.ok ? found : { error: found.error || `The emulator answered ${answer.status}.` };
}

/** What the API answers to the account's key; null where it does not offer that. */
export async function api(path, query = {}) {
  const answer = await fetch(`/_explorer/api/${path}.json?${new URLSearchParams(query)}`);
  return Number(answer.headers.get("x-status")) < 300 ? answer.json() : null;
}

export function make(tag, text = "", more = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...more });
}

export function link(text, ...parts) {
  return make("a", text, { href: "#" + parts.map(encodeURIComponent).join("/") });
}

/** Goes to a part of the page. */
export function show(...parts) {
  location.hash = parts.map(encodeURIComponent).join("/");
}

export function input(id, more = {}) {
  return make("input", "", { id, autocomplete: "off", ...more });
}

export function labelled(text, field) {
  const label = make("label", text + " ");
  label.append(field);
  return label;
}

export function options(choices, chosen) {
  const select = make("select");
  select.append(...Object.entries(choices).map(([value, text]) => make("option", text, { value })));
  select.value = chosen;
  return select;
}

/** A bar of a part in a whole, with its percentage in words. */
export function bar(part, whole, name) {
  const share = whole ? part / whole : 0;
  const box = make("span");
  const meter = make("meter", "", { min: 0, max: 1, value: share });
  meter.setAttribute("aria-label", name);
  box.append(meter, ` ${Math.round(share * 100)} %`);
  return box;
}

/** A table that scrolls within itself. Cells are texts, numbers or elements; `none` is told where there are no rows. */
export function table(caption, heads, rows, none = "None.") {
  if (!rows.length) {
    const empty = make("p", "", { className: "muted" });
    empty.append(make("strong", caption + ": "), none);
    return empty;
  }
  const box = make("div", "", { className: "scroll", tabIndex: 0 });
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", caption);
  const built = make("table");
  const head = make("tr");
  const numbers = rows[0].map(each => typeof each === "number" ? "number" : "");
  head.append(...heads.map((each, at) => make("th", each, { scope: "col", className: numbers[at] || "" })));
  const top = make("thead");
  top.append(head);
  const body = make("tbody");
  body.append(...rows.map(cells => {
    const row = make("tr");
    row.append(...cells.map(cell => {
      const number = typeof cell === "number";
      const made = make("td", "", { className: number ? "number" : "" });
      made.append(cell instanceof Node ? cell : number ? cell.toLocaleString() : cell ?? "");
      return made;
    }));
    return row;
  }));
  built.append(make("caption", caption), top, body);
  box.append(built);
  return box;
}

export function moment(seconds) {
  return seconds ? new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC" : "";
}

let saidAt = 0;

export function say(text) {
  document.getElementById("said").textContent = text;
  saidAt = Date.now();
}

/** Takes back what was said, unless that was just now: it then belongs to where one goes. */
export function forget() {
  if (Date.now() - saidAt > 1000) say("");
}
