// One question, or one part, of a form at a time on a phone; and other question sets at once.
// ES2017, no libraries. Without it the page is a plain long form, and the server switches the sets.
//
// A step is a <section class="step"> of form.writing; sections that are not shown stay in the form,
// so whoever reads or sends the form finds every field. Words come from #steps (steps.html).
//
// For other scripts, events on document:
//   platu:questions  detail {id}: show this question set now. Its fields are there when
//                    dispatchEvent returns. Answers to questions that both sets ask stay, the other
//                    fields come empty: whoever fills a draft sends this first, then sets the values.
//   platu:filled     values were set by script: what is answered is read again.
// Whoever presses a button of a set moves the answers too, as aar.switch in kms/web/forms/aar.py.
(function () {
  "use strict";
  const form = document.querySelector("form.writing"), head = document.getElementById("steps");
  if (!form || !head) return;
  const all = (selector, within) => Array.from((within || form).querySelectorAll(selector));
  const one = (selector) => form.querySelector(selector);
  const say = (words, n, of) => words.replace("{n}", n).replace("{of}", of);
  const phone = window.matchMedia("(max-width: 699px)");
  const box = one(".questions"), menu = one(".step-menu"), line = one(".step-line");
  const whole = one(".step-whole"), back = one(".step-back"), next = one(".step-next");
  const save = one(".actions [value=save]"), check = one(".actions [value=check]");
  const words = head.dataset;
  let at = 0, wantsAll = false, stepped = false;

  // --- question sets ----------------------------------------------------------------------------

  const shown = {}; // set → its sections, kept while another set is shown
  const told = {}; // set → what its fields said when it was left
  const asked = () => all(".question textarea", box);
  const text = (field) => field.value.replace(/\r\n?/g, "\n").trim();

  function put(id) {
    const template = all("template", box).find((one) => one.dataset.set === id);
    const now = box.dataset.set;
    if (id === now || !(template || shown[id])) return false;
    const old = all(".question", box), said = {};
    asked().forEach((field) => { said[field.name] = field.value; });
    const fresh = shown[id] || Array.from(document.importNode(template.content, true).children);
    fresh.forEach((section) => {
      box.insertBefore(section, old[0]);
      all("textarea", section).forEach((field) => { field.value = said[field.name] || ""; });
    });
    old.forEach((section) => section.remove());
    shown[now] = old;
    told[now] = said;
    box.dataset.set = id;
    form.elements.questions.value = id;
    tellSets();
    return true;
  }

  // Takes the answer out of the text when it still stands there as paragraphs of its own.
  function taken(answer, from) {
    const found = ("\n\n" + from + "\n\n").split("\n\n" + answer + "\n\n");
    return found.length < 2 ? null : [found[0], found.slice(1).join("\n\n" + answer + "\n\n")].join("\n\n").trim();
  }

  // Each answer comes back to the question it was given to; what was added since goes to the one
  // whose own words are no longer found, or to the first.
  function move(to) {
    const before = {}, was = told[to] || {};
    asked().forEach((field) => { before[field.name] = text(field); });
    if (!put(to)) return;
    const fields = asked(), names = fields.map((field) => field.name);
    let rest = Object.keys(before).filter((name) => names.indexOf(name) < 0 && before[name]).map((name) => before[name]).join("\n\n");
    let last = null;
    fields.filter((field) => !(field.name in before)).forEach((field) => {
      const own = (was[field.name] || "").replace(/\r\n?/g, "\n").trim(), left = own && rest ? taken(own, rest) : null;
      if (left === null) {
        if (own && !last) last = field;
        return;
      }
      field.value = own;
      rest = left;
    });
    if (!rest) return;
    last = last || fields[0];
    last.value = [text(last), rest].filter(Boolean).join("\n\n");
  }

  function tellSets() {
    const button = one(".step-set"), simplest = button.dataset.simplest, id = box.dataset.set;
    all(".question-sets button", box).forEach((choice) => {
      const chosen = choice.value === id;
      choice.classList.toggle("is-chosen", chosen);
      if (chosen) choice.setAttribute("aria-current", "true");
      else choice.removeAttribute("aria-current");
      if (chosen) one(".set-name").textContent = choice.textContent;
    });
    if (id !== simplest) button.dataset.last = id;
    const other = all(".question-sets button", box).find((choice) => choice.value !== simplest);
    button.value = id === simplest ? button.dataset.last || (other || button).value : simplest;
    button.textContent = id === simplest ? button.dataset.many : button.dataset.one;
  }

  function choose(id) {
    const had = asked().some(text);
    if (id === box.dataset.set) return;
    move(id);
    document.getElementById("steps-said").textContent = one(".set-name").textContent;
    if (had) form.dispatchEvent(new Event("input", { bubbles: true }));
    if (stepped) go(0);
    else arrange();
  }

  // --- steps ------------------------------------------------------------------------------------

  const steps = () => all(".step");
  const isWrong = (step) => Boolean(step.querySelector(".field-error"));
  const isAnswered = (step) => all("input, textarea", step).some((field) => (
    field.type === "checkbox" ? field.checked : field.type !== "radio" && field.type !== "hidden" && field.value.trim()));
  const title = (step) => {
    const found = step.querySelector("label, legend");
    found.id = found.id || "step-" + steps().indexOf(step) + "-" + (box ? box.dataset.set : "");
    return found;
  };
  const name = (step) => step.dataset.name || title(step).firstChild.textContent.trim();
  // Questions are counted among themselves; what comes after them in a review has a name.
  function count(list) {
    const counted = box ? all(".question", box) : list, n = counted.indexOf(list[at]) + 1;
    return n ? say(words.count, n, counted.length) : at === list.length - 1 ? words.last : name(list[at]);
  }

  function tellAhead() {
    next.textContent = isAnswered(steps()[at]) ? words.ahead : words.skip;
  }

  // Makes the page agree with where the person is.
  function arrange() {
    const list = steps(), last = list.length - 1;
    stepped = phone.matches && !wantsAll;
    at = Math.max(0, Math.min(at, last));
    form.classList.toggle("is-stepped", stepped);
    form.classList.toggle("is-first", at === 0);
    form.classList.toggle("is-asking", list[at].matches(".question"));
    whole.hidden = !(phone.matches && wantsAll);
    whole.textContent = whole.dataset.each;
    menu.hidden = line.hidden = !stepped;
    back.hidden = !stepped || at === 0;
    next.hidden = !stepped || at === last;
    check.hidden = stepped && at !== last;
    save.classList.toggle("button-primary", !stepped || at === last);
    document.getElementById("step-count").textContent = count(list);
    line.textContent = "";
    list.forEach((step, n) => {
      step.classList.toggle("is-now", n === at);
      const mark = document.createElement("i");
      mark.className = isWrong(step) ? "is-wrong" : n <= at ? "is-past" : "";
      line.appendChild(mark);
      if (!stepped) return ["role", "tabindex", "aria-labelledby", "aria-describedby"].forEach((name) => step.removeAttribute(name));
      step.setAttribute("role", "group");
      step.setAttribute("tabindex", "-1");
      step.setAttribute("aria-labelledby", "step-count");
      step.setAttribute("aria-describedby", title(step).id);
    });
    tellAhead();
  }

  const state = (from) => Object.assign({}, history.state, { step: at, set: box ? box.dataset.set : "", from: from });

  function go(to, field) {
    const from = at;
    at = to;
    arrange();
    if (stepped) history.pushState(state(from), "");
    arrive(field);
  }

  function arrive(field) {
    const step = steps()[at];
    (field || step).focus({ preventScroll: true });
    (field || head).scrollIntoView({ block: field ? "center" : "start" });
  }

  function goBack() {
    if (history.state && history.state.from === at - 1) history.back();
    else go(at - 1);
  }

  // Where a link within the page leads, when that is in a step.
  function open(hash) {
    let target = null;
    if (!stepped) return false;
    try { target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1))); } catch (_problem) { return false; }
    const step = target && steps().findIndex((one) => one.contains(target));
    if (!target || step < 0) return false;
    const part = target.closest("details");
    if (part) part.open = true;
    at = step;
    arrange();
    history.replaceState(state(null), "");
    arrive(target.matches("input, textarea, select") ? target : target.querySelector("input:not([type=hidden]), textarea, select"));
    return true;
  }

  function list() {
    const box = menu.querySelector("ol");
    box.textContent = "";
    steps().forEach((step, n) => {
      const item = document.createElement("li"), button = document.createElement("button");
      const mark = isWrong(step) ? words.wrong : isAnswered(step) ? words.answered : "";
      button.type = "button";
      button.className = "menu-button";
      button.textContent = name(step);
      if (mark) button.appendChild(document.createElement("small")).textContent = " " + mark;
      if (n === at) button.setAttribute("aria-current", "step");
      button.addEventListener("click", () => { menu.open = false; go(n); });
      item.appendChild(button);
      box.appendChild(item);
    });
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.className = "menu-button step-all";
    button.textContent = whole.dataset.whole;
    button.addEventListener("click", () => { menu.open = false; look(true); });
    box.appendChild(item).appendChild(button);
  }

  function look(wants) {
    wantsAll = wants;
    arrange();
    if (wants) whole.focus();
    else arrive();
  }

  // Enter in a line goes on to the next field, as the phone's own key does; on the last step it saves.
  function onward(event) {
    const field = event.target, step = field.closest(".step");
    if (!stepped || event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
    if (!step || !field.matches("input") || at === steps().length - 1) return;
    event.preventDefault();
    const fields = all("input, textarea, select", step).filter((one) => one.offsetParent);
    const after = fields[fields.indexOf(field) + 1];
    if (after) after.focus();
    else go(at + 1);
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.name === "switch") {
      event.preventDefault();
      choose(button.value);
    } else if (button === next) go(at + 1);
    else if (button === back) goBack();
    else if (button === whole) look(false);
  });
  // With the keyboard up few lines are left: they begin with the question.
  function hold() {
    const field = document.activeElement;
    if (stepped && window.innerHeight < 481 && field.matches(".step input, .step textarea") && field.labels[0]) field.labels[0].scrollIntoView();
  }

  form.addEventListener("focusin", hold);
  form.addEventListener("input", tellAhead);
  form.addEventListener("keydown", onward);
  menu.addEventListener("toggle", () => { if (menu.open) list(); });
  document.addEventListener("platu:filled", arrange);
  document.addEventListener("platu:questions", (event) => { if (box && put(event.detail.id)) arrange(); });
  window.addEventListener("hashchange", () => open(location.hash));
  window.addEventListener("popstate", (event) => {
    if (!event.state || !("step" in event.state)) return;
    if (box && event.state.set !== box.dataset.set) move(event.state.set);
    at = event.state.step;
    arrange();
    if (stepped) arrive();
  });
  window.addEventListener("resize", () => {
    hold();
    if (stepped === (phone.matches && !wantsAll)) return;
    const focused = steps().findIndex((step) => step.contains(document.activeElement));
    if (focused >= 0) at = focused;
    arrange();
    if (stepped) history.replaceState(state(null), "");
    (focused >= 0 ? document.activeElement : steps()[at]).scrollIntoView({ block: "center" });
  });

  // Newer phones lay the page under the keyboard unless asked not to: then the bar would be hidden.
  const meta = document.querySelector("meta[name=viewport]");
  if (meta) meta.content += ", interactive-widget=resizes-content";

  // The style of the files' part may come after what typing needs.
  const late = document.getElementById("files-style");
  if (late) late.media = "all";

  // A form that came back opens where something must be mended; one that was left, where it was.
  const left = history.state && "step" in history.state ? history.state : null;
  if (box && (left || form.elements.questions.value !== box.dataset.set)) move(left ? left.set : form.elements.questions.value);
  const wrong = steps().findIndex(isWrong);
  if (left) at = left.step;
  else if (wrong >= 0) at = wrong;
  else if (document.getElementById("checked")) at = steps().length - 1;
  if (box) tellSets();
  arrange();
  if (!left && !open(location.hash) && stepped) history.replaceState(state(null), "");
})();
