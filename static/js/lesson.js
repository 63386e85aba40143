// The form of a lesson: hints while writing, and a passage too long for an address. ES2017.
// Hints never stand in the way: when they do not come, the page is as it is without them.
(function () {
  "use strict";
  const WAIT = 1200;

  // What was selected on the note's page; the address holds its beginning only. It stays on this
  // device until a form takes it along, so that a page loaded again has it too.
  const field = document.querySelector("[data-passage], #sources-0-passage");
  let whole = "";
  try { whole = sessionStorage.getItem("platu-passage") || ""; } catch (_refused) { whole = ""; }
  const isCut = new URLSearchParams(location.search).has("passage") && field && field.value === field.defaultValue;
  const begun = isCut ? field.value.trim() : "";
  if (begun && whole.length > begun.length && whole.indexOf(begun) === 0) {
    field.value = whole;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (field) {
    field.form.addEventListener("submit", () => {
      try { sessionStorage.removeItem("platu-passage"); } catch (_refused) { /* Nothing was kept. */ }
    });
  }

  const panel = document.getElementById("hints"), form = panel && panel.closest("form");
  if (!form || !window.fetch) return;
  const list = panel.querySelector("ul"), names = ["point", "holds_when", "what_to_do", "why"];
  let timer = 0, asked = "", going = null;

  function item(said, url) {
    const row = document.createElement("li"), link = document.createElement("a");
    link.href = url;
    link.textContent = said;
    if (url.charAt(0) !== "#") {
      link.target = "_blank";
      link.rel = "noopener";
      row.append(panel.dataset.similar + " ");
    }
    row.appendChild(link);
    return row;
  }
  function show(told) {
    list.textContent = "";
    told.similar.forEach((one) => list.appendChild(item(one.title, one.url)));
    told.hints.forEach((one) => list.appendChild(item(one.said, "#" + one.field)));
    panel.hidden = !list.children.length;
  }
  function ask() {
    const typed = new URLSearchParams();
    names.concat("csrf_token").forEach((name) => typed.append(name, form.elements[name] ? form.elements[name].value : ""));
    typed.append("number", form.dataset.number || "");
    const words = names.map((name) => typed.get(name)).join("\n");
    if (words === asked || !navigator.onLine) return;
    asked = words;
    if (going) going.abort();
    going = window.AbortController ? new AbortController() : null;
    fetch(panel.dataset.hints, { method: "POST", body: typed, credentials: "same-origin", headers: { Accept: "application/json" }, signal: going ? going.signal : undefined })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((told) => { if (told && asked === words) show(told); })
      .catch(() => { if (asked === words) asked = ""; });
  }
  form.addEventListener("input", (event) => {
    if (names.indexOf(event.target.name) < 0) return;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  if (form.elements.point && form.elements.point.value) timer = setTimeout(ask, WAIT);
})();
