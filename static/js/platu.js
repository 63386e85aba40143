// Makes pages quicker to use; each of them works without it. ES2017, no libraries.
(function () {
  "use strict";
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const make = (tag, attributes, text) => {
    const element = document.createElement(tag);
    Object.keys(attributes).forEach((name) => element.setAttribute(name, attributes[name]));
    if (text) element.textContent = text;
    return element;
  };

  // Suggestions: <input data-suggest="/suggest?what=place"> asks …&q=<typed> for [{value, label, note}].
  // With data-suggest-many the choice becomes the last item of a comma-separated list;
  // data-suggest-value="<id>" puts the value there and the label in the field.
  // A search box asks with all that its form holds, and a choice that has a url leads there.
  let lists = 0;
  function suggest(input) {
    const list = make("ul", { role: "listbox", class: "suggestions", id: "suggestions-" + (++lists), hidden: "" });
    const asks = input.dataset.suggest;
    let box = input.form;
    if (asks) {
      box = make("div", { class: "suggest" });
      input.parentNode.insertBefore(box, input);
      box.appendChild(input);
    }
    box.appendChild(list);
    Object.entries({
      role: "combobox", autocomplete: "off", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": list.id,
    }).forEach(([name, value]) => input.setAttribute(name, value));
    const many = "suggestMany" in input.dataset;
    let found = [], at = -1, timer = 0, asked = "", going = null;

    function close() {
      list.hidden = true;
      list.removeAttribute("aria-label");
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function point(to) {
      at = (to + found.length) % found.length;
      Array.from(list.children).forEach((item, n) => item.setAttribute("aria-selected", String(n === at)));
      list.children[at].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", list.children[at].id);
    }
    function take(n) {
      const kept = many ? input.value.replace(/[^,]*$/, "").trim() : "";
      if (found[n].url) return location.assign(found[n].url);
      const chosen = found[n], target = document.getElementById(input.dataset.suggestValue || "");
      input.value = (kept ? kept + " " : "") + chosen.label + (many ? ", " : "");
      if (target) target.value = chosen.value;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    function show(items) {
      found = items;
      list.textContent = "";
      items.forEach((item, n) => {
        const row = make("li", { role: "option", id: list.id + "-" + n, "aria-selected": "false" }, item.label);
        if (item.note) row.appendChild(make("small", {}, item.note));
        row.addEventListener("mousedown", (event) => { event.preventDefault(); take(n); });
        list.appendChild(row);
      });
      if (!items.length) return close();
      list.hidden = false;
      if (input.labels[0]) list.setAttribute("aria-label", input.labels[0].textContent);
      list.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-expanded", "true");
    }
    function ask() {
      const words = (many ? input.value.split(",").pop() : input.value).trim();
      asked = words;
      if (going) going.abort();
      going = window.AbortController ? new AbortController() : null;
      if (words.length < 2) return close();
      const address = asks ? asks + "&q=" + encodeURIComponent(words) : "/suggest?what=search&" + new URLSearchParams(new FormData(input.form));
      fetch(address, { credentials: "same-origin", signal: going ? going.signal : undefined })
        .then((answer) => (answer.ok ? answer.json() : []))
        .then((items) => { if (asked === words && document.activeElement === input) show(items); })
        .catch((problem) => { if (problem.name !== "AbortError") close(); });
    }
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 180); });
    input.addEventListener("blur", () => { asked = ""; close(); });
    input.addEventListener("keydown", (event) => {
      if (list.hidden) { if (event.key === "ArrowDown") ask(); return; }
      if (event.key === "ArrowDown") point(at + 1);
      else if (event.key === "ArrowUp") point(at < 0 ? -1 : at - 1);
      else if (event.key === "Enter" && at >= 0) take(at);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
  }

  // Rows: a copy of the <template> with its own number in place of __index__.
  function rows(box) {
    const template = box.querySelector("template");
    if (!template) return;
    let next = 1 + all(".row-remove", box).reduce((most, button) => Math.max(most, parseInt(button.value.split("-").pop(), 10)), -1);
    box.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button || !box.contains(button)) return;
      if (button.classList.contains("add-row")) {
        event.preventDefault();
        const holder = make("div", {});
        holder.innerHTML = template.innerHTML.replace(/__index__/g, String(next++));
        const row = holder.firstElementChild;
        template.parentNode.insertBefore(row, template);
        enhance(row);
        const first = row.querySelector("input:not([type=hidden]), select, textarea");
        if (first) first.focus();
      } else if (button.classList.contains("row-remove")) {
        event.preventDefault();
        const row = button.closest(".row"), near = row.previousElementSibling || row.nextElementSibling;
        row.remove();
        const focus = (near && near.matches(".row") && near.querySelector("input, select")) || box.querySelector(".add-row");
        if (focus) focus.focus();
      } else return;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  // Words chosen in the note go to the comment form: <textarea data-quote>, whose form carries
  // data-quote-label, the words of the button.
  function quoting() {
    const field = document.querySelector("[data-quote]"), bodies = all(".note-body");
    if (!field || !bodies.length) return;
    const label = field.dataset.quoteLabel || "อ้างข้อความนี้";
    const button = make("button", { type: "button", class: "button button-primary quote-this", hidden: "" }, label);
    document.body.appendChild(button);
    let words = "";
    document.addEventListener("selectionchange", () => {
      const chosen = document.getSelection();
      words = chosen.isCollapsed ? "" : chosen.toString().trim();
      const range = words ? chosen.getRangeAt(0) : null;
      // Three presses choose a paragraph up to the first place of the next one, wherever that is.
      const ends = (body) => body.contains(range.endContainer) || range.endOffset === 0;
      const inside = range && bodies.some((body) => body.contains(range.startContainer) && ends(body));
      button.hidden = !inside;
      if (!inside) return;
      const place = range.getBoundingClientRect();
      button.style.top = (window.scrollY + place.bottom + 8) + "px";
      button.style.left = Math.max(8, Math.min(window.scrollX + place.left, document.documentElement.clientWidth - button.offsetWidth - 8)) + "px";
    });
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      field.value = words;
      const outer = field.closest("details");
      if (outer) outer.open = true;
      button.hidden = true;
      const answer = all("textarea", field.form).find((area) => area !== field) || field;
      answer.scrollIntoView({ block: "center" });
      answer.focus({ preventScroll: true });
    });
  }

  // <form data-guard>: leaving with words not yet sent asks first.
  function guard(form) {
    let changed = false;
    form.addEventListener("input", () => { changed = true; });
    // A button that leads elsewhere takes a part of the words along, not all of them.
    form.addEventListener("submit", (event) => { changed = changed && Boolean(event.submitter && event.submitter.hasAttribute("formaction")); });
    window.addEventListener("beforeunload", (event) => {
      if (!changed || "safe" in form.dataset) return;
      event.preventDefault();
      event.returnValue = "";
    });
  }

  // Sheets and menus: Escape or a press outside closes; focus comes back to what opened it.
  function closeMenus(except) {
    all("details.menu[open]").forEach((menu) => {
      if (menu === except) return;
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    });
  }
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    const sheet = document.querySelector(".sheet:target");
    if (sheet && event.target.closest("a[href='#main']") && sheet.contains(event.target)) {
      const opener = document.querySelector("a[href='#" + sheet.id + "']");
      if (opener) setTimeout(() => opener.focus(), 0);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    closeMenus(null);
    const away = document.querySelector(".sheet:target .sheet-head a");
    if (away) away.click();
  });

  function enhance(within) {
    all("[data-suggest]", within).forEach(suggest);
    all("[data-rows]", within).forEach(rows);
  }
  enhance(document);
  all(".search [name=q]").forEach(suggest);
  all("form[data-guard]").forEach(guard);
  quoting();
  const problems = document.getElementById("problems");
  if (problems) problems.focus();
})();
