// What pages do beyond links and forms. Each works without it.

// What was just done, or what is wrong, is read out first.
document.querySelector(".wrong, .said")?.focus();

// Where the tabs are wider than the screen, the one that is open is seen.
for (const open of document.querySelectorAll(".tabs [aria-current], .menu [aria-current]")) {
  open.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
}

// A look-up suggests records while one types.
for (const input of document.querySelectorAll("input[data-lookup]")) {
  let waiting, last;
  const suggest = async () => {
    const words = input.value.replace(/\s*\([A-Za-z0-9]{15,18}\)\s*$/, "");
    if (words === last) return;
    last = words;
    const query = new URLSearchParams({ objects: input.dataset.lookup, q: words });
    const answer = await fetch(`/_explorer/suggest?${query}`);
    if (!answer.ok || words !== last) return;
    const options = (await answer.json()).map(each => Object.assign(document.createElement("option"), { value: each }));
    document.getElementById(input.getAttribute("list")).replaceChildren(...options);
  };
  input.addEventListener("focus", suggest);
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(suggest, 150);
  });
}

// A part that belongs to one choice is shown with it only.
for (const part of document.querySelectorAll("[data-when]")) {
  const box = document.getElementById(part.dataset.when);
  const show = () => { part.hidden = !box.checked; };
  for (const each of document.querySelectorAll(`input[name="${box.name}"]`)) each.addEventListener("change", show);
  show();
}

// A record that becomes the master brings its values along, where it has some.
for (const winner of document.querySelectorAll("input[name=winner]")) {
  winner.addEventListener("change", () => {
    for (const each of document.querySelectorAll(`input[type=radio][value="${winner.value}"]`)) {
      if (!each.closest("label").querySelector("[data-empty]")) each.checked = true;
    }
  });
}

// A choice in a filter takes effect at once.
for (const choice of document.querySelectorAll("form.filter:not([method]) select")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}
