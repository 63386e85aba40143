// Sends what was written, now or when there is a connection again: in order, one at a time, one tab
// at a time, each item with its form's own id so that nothing is saved twice. ES2017, no libraries.
//
// An item: {key, id, action, fields, kind, number, title, url, state, said, tries, heldUntil}; its
// state is "waiting", "signin" (waits for its writer) or "refused" (with the server's sentence).
(function () {
  "use strict";
  const platu = window.platu, badge = document.getElementById("waiting");
  if (!platu || !badge) return;
  const words = JSON.parse(badge.dataset.words), outbox = platu.outbox, tab = platu.uuid();
  const SEND_S = 30, HOLD_MS = 60000, FIRST_PAUSE_MS = 30000, MOST_PAUSE_MS = 600000, MOST_TRIES = 5, TIDY_MS = 300000;
  const PASSING = [0, 408, 425, 429, 502, 503, 504];
  const say = (sentence, name, value) => sentence.replace("{" + name + "}", value);
  let pause = FIRST_PAUSE_MS, timer = 0, panel = null, draining = null, again = false;

  // --- sending ----------------------------------------------------------------------------------

  // Whoever has the lock sends. Old browsers take a lease in the database; a clock that jumps can
  // only end it early, and what is sent twice is saved once.
  function alone(work, waits) {
    const name = "platu-outbox-" + platu.account;
    if (navigator.locks) return navigator.locks.request(name, waits ? {} : { ifAvailable: true }, (lock) => (lock ? work() : null));
    const lease = (before) => {
      const left = before ? before.until - Date.now() : 0;
      return before && before.tab !== tab && left > 0 && left <= HOLD_MS ? undefined : { name: "lease", tab: tab, until: Date.now() + HOLD_MS };
    };
    const free = () => platu.about.change("lease", (mine) => (mine && mine.tab === tab ? null : undefined));
    const take = (triesLeft) => platu.about.change("lease", lease).then((mine) => {
      if (mine) return work().then((answer) => free().then(() => answer), (problem) => free().then(() => { throw problem; }));
      return triesLeft ? new Promise((done) => setTimeout(done, 500)).then(() => take(triesLeft - 1)) : null;
    });
    return take(waits ? 60 : 0);
  }

  // As a form without scripts sends it, to the last line end.
  function bodyOf(item) {
    const body = new URLSearchParams();
    item.fields.forEach((pair) => body.append(pair[0], pair[1].replace(/\r\n?|\n/g, "\r\n")));
    return body;
  }

  const isHeld = (item) => item.heldUntil > Date.now() && item.heldUntil <= Date.now() + HOLD_MS;
  const note = (item, changes) => outbox.change(item.key, (kept) => (kept ? Object.assign(kept, { heldUntil: 0 }, changes) : undefined));

  // Tries one item and notes what became of it: "sent", "stop" (the rest waits too), "later" or "refused".
  async function attempt(item) {
    const answer = await platu.send("POST", item.action, bodyOf(item), SEND_S);
    const data = answer.data || {}, error = data.error || {};
    if (answer.status === 200 && data.url) {
      await outbox.remove(item.key);
      await platu.drafts.remove(item.id);
      return { end: "sent", url: data.url, said: data.flashed ? "" : data.message };
    }
    if (answer.status === 401 || error.code === "other_account" || (answer.status === 403 && error.code === "stale_form")) {
      await note(item, { state: "signin", said: error.message || "" });
      return { end: "stop" };
    }
    if (answer.status < 400 || PASSING.indexOf(answer.status) >= 0) {
      await note(item, { state: "waiting" });
      return { end: "stop" };
    }
    const tries = (item.tries || 0) + 1, isOver = answer.status < 500 || tries >= MOST_TRIES;
    const said = [error.message || String(answer.status)].concat(Object.keys(error.problems || {}).map((name) => error.problems[name]));
    await note(item, { state: isOver ? "refused" : "waiting", tries: tries, said: said.filter((one, n) => said.indexOf(one) === n).join(" · ") });
    return { end: isOver ? "refused" : "later", status: answer.status };
  }

  // Everything that waits, in order. `own` is the item of the form on screen, which is tried even
  // when nobody else's would be.
  async function drain(own) {
    let outcome = null;
    const items = (await outbox.all()).filter((item) => item.state !== "refused" && (item.key === own || !isHeld(item)));
    if (items.some((item) => item.key !== own)) {
      const now = await platu.session();
      if (!now || now.account !== platu.account) {
        await Promise.all(items.map((item) => note(item, { state: now ? "signin" : "waiting" })));
        return { end: "stop" };
      }
    }
    for (const item of items) {
      const ended = await attempt(item);
      if (item.key === own) outcome = ended;
      else if (ended.end === "sent") arrived(item, ended);
      if (ended.end === "stop") break;
    }
    return outcome || { end: "stop" };
  }

  function run() {
    clearTimeout(timer);
    if (draining) return draining;
    draining = alone(() => drain(null), false).catch(() => null).then(() => tidy()).catch(() => null).then(() => {
      draining = null;
      if (!again) return refresh();
      again = false;
      return run();
    });
    return draining;
  }
  // What is under way began before the connection came back, perhaps.
  function hurry() {
    pause = FIRST_PAUSE_MS;
    again = Boolean(draining);
    return run();
  }

  // --- what the page shows ------------------------------------------------------------------------

  async function refresh() {
    let items = [];
    try { items = await outbox.all(); } catch (problem) { return; }
    const refused = items.filter((item) => item.state === "refused"), waiting = items.length - refused.length;
    badge.hidden = !items.length;
    badge.textContent = [waiting ? say(words.waiting, "n", waiting) : "", refused.length ? say(words.refused, "n", refused.length) : ""].filter(Boolean).join(" · ");
    badge.classList.toggle("is-refused", refused.length > 0);
    clearTimeout(timer);
    if (waiting) timer = setTimeout(() => { pause = Math.min(2 * pause, MOST_PAUSE_MS); run(); }, pause);
    if (panel) panel.look(items.find((item) => item.key === panel.key));
  }
  function flash(text, url) {
    const line = document.createElement("p"), inside = document.createElement(url ? "a" : "span");
    line.className = "flash flash-success";
    inside.textContent = text;
    if (url) inside.href = url;
    line.appendChild(inside);
    const place = document.querySelector(".flashes");
    if (place) place.appendChild(line);
  }
  function arrived(item, ended) {
    if (panel && panel.key === item.key) return go(panel.keeper, ended);
    return flash(say(words.sent, "title", item.title || ended.said), ended.url);
  }
  function go(keeper, ended) {
    try { sessionStorage.setItem("platu-said", ended.said || ""); } catch (problem) { /* Then it is not said. */ }
    keeper.sent();
    const here = location.pathname + location.search;
    location.assign(ended.url);
    if (ended.url.split("#")[0] === here) location.reload();
  }

  // --- the form on screen ------------------------------------------------------------------------

  let pressed = null;
  document.addEventListener("click", (event) => { pressed = event.target.closest ? event.target.closest("button") : null; }, true);
  function saves(event) {
    const button = event.submitter || (pressed && pressed.form === event.target ? pressed : null);
    return !button || !button.name || (button.name === "do" && button.value === "save");
  }
  const hasFile = (form) => Array.from(form.querySelectorAll("input[type=file]")).some((field) => field.name && field.files.length);

  function natively(keeper, key) {
    try { sessionStorage.setItem("platu-tidy", "1"); } catch (problem) { /* Tidied later, then. */ }
    return (key === undefined ? Promise.resolve() : outbox.remove(key)).catch(() => {}).then(() => HTMLFormElement.prototype.submit.call(keeper.form));
  }

  async function submit(keeper) {
    const form = keeper.form;
    form.setAttribute("aria-busy", "true");
    keeper.show(keeper.words.sending);
    let key;
    try {
      await keeper.close();
      const item = keeper.item(), fields = JSON.parse(item.text);
      ["kind", "client_id", "based_on", "draft_step", "draft_device"].forEach((name) => {
        if (form.elements[name]) fields.push([name, form.elements[name].value]);
      });
      key = await outbox.put({ id: item.id, action: item.action, fields: fields, kind: item.kind, number: item.number,
        title: item.title, url: item.url, state: "waiting", said: "", tries: 0, heldUntil: Date.now() + HOLD_MS });
    } catch (problem) {
      return natively(keeper, key);
    }
    refresh();
    const ended = await alone(() => drain(key), true).catch(() => ({ end: "stop" }));
    form.removeAttribute("aria-busy");
    if (ended.end === "sent") return go(keeper, ended);
    if (ended.end === "refused" && ended.status < 500) return natively(keeper, key);
    await outbox.change(key, (kept) => (kept ? Object.assign(kept, { heldUntil: 0 }) : undefined));
    wait(keeper, key);
    return refresh();
  }

  // The form gives way to a line that says it waits; "edit" takes it out of the outbox again.
  function wait(keeper, key) {
    const template = document.getElementById("queued"), form = keeper.form;
    const box = document.importNode(template.content, true).firstElementChild;
    form.parentNode.insertBefore(box, form);
    form.hidden = true;
    panel = {
      key: key,
      keeper: keeper,
      look(item) {
        const why = box.querySelector("[data-why]");
        why.textContent = !item ? keeper.words.gone : item.state === "refused" ? say(keeper.words.refused, "why", item.said)
          : item.state === "signin" ? keeper.words.waitsToSignIn : keeper.words.waits;
        if (item && item.state === "signin") {
          const anchor = document.createElement("a");
          anchor.href = "/signin?next=/drafts";
          anchor.target = "_blank";
          anchor.textContent = keeper.words.signInHere;
          why.appendChild(document.createTextNode(" "));
          why.appendChild(anchor);
        }
        box.querySelector("[data-edit]").hidden = !item;
      },
    };
    box.querySelector("[data-edit]").addEventListener("click", () => alone(async () => {
      const there = await outbox.get(key);
      if (!there) return refresh();
      await outbox.remove(key);
      panel = null;
      box.remove();
      form.hidden = false;
      keeper.again();
      return refresh();
    }, true));
    box.focus();
    outbox.get(key).then((item) => { if (panel && panel.key === key) panel.look(item); });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target, keeper = platu.forms.get(form);
    if (event.defaultPrevented || !keeper) return undefined;
    if (form.getAttribute("aria-busy")) return event.preventDefault();
    if (!saves(event) || !keeper.ready || !keeper.canKeep() || hasFile(form)) return undefined;
    event.preventDefault();
    return submit(keeper);
  });

  // A form opened again whose words wait already.
  document.addEventListener("platu:state", () => {
    if (panel) return;
    platu.forms.forEach((keeper) => {
      if (!keeper.ready || keeper.form.getAttribute("aria-busy") || keeper.met === keeper.id()) return;
      keeper.met = keeper.id();
      outbox.all().then((items) => {
        const item = items.find((one) => one.id === keeper.met);
        if (item && item.state !== "refused" && !panel && !isHeld(item)) keeper.close().then(() => wait(keeper, item.key));
      }, () => {});
    });
  });

  // --- keeping house ------------------------------------------------------------------------------

  // Words of forms that are closed reach the server too; what was sent or thrown away elsewhere goes.
  async function tidy(isUrgent) {
    const here = await platu.drafts.all(), open = [];
    platu.forms.forEach((keeper) => open.push(keeper.id()));
    const queued = (await outbox.all()).map((item) => item.id);
    const closed = here.filter((one) => open.indexOf(one.id) < 0 && queued.indexOf(one.id) < 0 && !one.discarded);
    const last = await platu.about.get("tidied"), since = last ? Date.now() - last.at : TIDY_MS;
    const isNew = closed.some((one) => one.dirty && !one.stuck);
    if (!closed.length || (!isUrgent && !isNew && since >= 0 && since < TIDY_MS)) return;
    const answer = await fetch("/drafts.json", { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } });
    const data = answer.ok ? await answer.json() : null;
    if (!data || !data.drafts || data.account !== platu.account) return;
    await platu.about.put({ name: "tidied", at: Date.now() });
    for (const one of closed) {
      const sent = data.sent[one.id];
      if ((sent && one.step <= sent) || (!one.dirty && !data.drafts.some((other) => other.id === one.id))) await platu.drafts.remove(one.id);
      else if (one.dirty && !one.stuck) {
        const told = await platu.push(one);
        if (!told.status) return;
        // Another device went on with it: opening it makes a draft of its own.
        if (told.status >= 400 && told.status < 500) await platu.drafts.change(one.id, (kept) => (kept ? Object.assign(kept, { stuck: true }) : undefined));
      }
    }
  }

  // Signing out: what the server has leaves this device; what only this device has stays with its
  // account, and that is said first.
  let isLeaving = false;
  window.addEventListener("submit", (event) => {
    if (isLeaving || event.target.getAttribute("action") !== "/signout") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    leave(event.target);
  }, true);
  function leave(form) {
    const patience = new Promise((done) => setTimeout(done, 4000));
    const flushed = [];
    platu.forms.forEach((keeper) => flushed.push(keeper.flush()));
    Promise.race([Promise.all(flushed).then(run), patience]).catch(() => {})
      .then(() => Promise.all([platu.drafts.all(), outbox.all()]))
      .then((kept) => {
        const queued = kept[1].map((item) => item.id);
        const only = kept[0].filter((one) => one.dirty && !one.discarded && queued.indexOf(one.id) < 0).length + kept[1].length;
        if (only && !window.confirm(say(words.leaving, "n", only))) return null;
        return Promise.all(kept[0].filter((one) => !one.dirty).map((one) => platu.drafts.remove(one.id))).then(() => true);
      })
      .catch(() => true)
      .then((goes) => {
        if (!goes) return;
        isLeaving = true;
        // Others are told of it now that it is meant.
        if (form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }))) HTMLFormElement.prototype.submit.call(form);
      });
  }

  // --- beginning ----------------------------------------------------------------------------------

  platu.hurry = hurry;
  platu.refresh = refresh;
  platu.tidy = tidy;
  window.addEventListener("online", hurry);
  document.addEventListener("platu:back", hurry);
  document.addEventListener("platu:state", () => { if (!draining) refresh(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) hurry(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) hurry(); });
  platu.ready.then((canKeep) => {
    if (!canKeep) return;
    let said = "", urgent = "";
    try {
      said = sessionStorage.getItem("platu-said") || "";
      urgent = sessionStorage.getItem("platu-tidy") || "";
      sessionStorage.removeItem("platu-said");
      sessionStorage.removeItem("platu-tidy");
    } catch (problem) { /* Then there is nothing to say. */ }
    if (said) flash(said);
    refresh();
    if (urgent) tidy(true).catch(() => {});
    // After the form has said whether its words wait.
    setTimeout(run, 1000);
  });
})();
