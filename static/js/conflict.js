// The buttons of the conflict page fill the fields at once; without this the server does it.
// A passage of a longer text is found again by its place, which follows what is typed. ES2017.
(function () {
  "use strict";
  const said = document.getElementById("filled");
  const form = document.querySelector("form.writing");
  if (!said || !form) return;
  const plain = (text) => text.replace(/\r\n?/g, "\n");
  const places = JSON.parse(said.dataset.clashes);
  const marks = [];

  function mark(place) {
    if (!place.now) return null;
    const field = form.elements[Object.keys(place.choices.mine)[0]];
    const start = field ? field.value.indexOf(plain(place.now)) : -1;
    const found = { field: field, start: start, end: start + plain(place.now).length, text: field ? field.value : "" };
    if (field) marks.push(found);
    return found;
  }

  // What was typed before a passage moves it; what was typed inside makes it longer or shorter.
  function follow(field, own) {
    const now = field.value;
    marks.filter((one) => one.field === field && one.text !== now).forEach((one) => {
      const was = one.text, most = Math.min(was.length, now.length);
      let head = 0, tail = 0;
      while (head < most && was[head] === now[head]) head += 1;
      while (tail < most - head && was[was.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
      const more = now.length - was.length, end = was.length - tail;
      if (one.start >= 0 && one !== own) {
        if (end <= one.start) { one.start += more; one.end += more; }
        else if (head < one.end) { one.start = Math.min(one.start, head); one.end = Math.max(one.end, end) + more; }
      }
      one.text = now;
    });
  }

  function fill(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function take(place, found, side) {
    const wanted = place.choices[side];
    let added = false;
    Object.keys(wanted).forEach((name) => {
      const field = form.elements[name], value = plain(wanted[name]);
      if (!field) {
        const hidden = document.createElement("input");
        hidden.type = "hidden";
        hidden.name = name;
        hidden.value = value;
        form.appendChild(hidden);
        return;
      }
      if (!found) return fill(field, value);
      const text = field.value;
      added = found.start < 0;
      const start = added ? text.length + 2 : found.start;
      const made = added ? text + "\n\n" + value : text.slice(0, found.start) + value + text.slice(found.end);
      found.start = start;
      found.end = start + value.length;
      field.value = made;
      follow(field, found);
      fill(field, made);
      field.focus();
      field.setSelectionRange(found.start, found.end);
    });
    if (said) said.textContent = added ? said.dataset.added : said.dataset.said;
  }

  const found = places.map(mark);
  form.addEventListener("input", (event) => follow(event.target, null));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=take]");
    if (!button) return;
    const at = button.value.split("-"), place = places[Number(at[0])];
    if (!place || !place.choices[at[1]]) return;
    event.preventDefault();
    take(place, found[Number(at[0])], at[1]);
    Array.from(button.parentNode.children).forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
  });
})();
