// The page of unfinished work: adds what only this device knows to what the server listed. ES2017.
(function () {
  "use strict";
  const platu = window.platu, block = document.getElementById("on-device");
  if (!platu || !block) return;
  const words = JSON.parse(block.dataset.words);
  const box = document.getElementById("outbox"), kept = document.getElementById("kept"), undo = document.getElementById("undo");
  const template = document.getElementById("on-device");
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const say = (sentence, name, value) => sentence.replace("{" + name + "}", value);
  let gone = null;

  function row(one, where) {
    const item = document.importNode(template.content, true).firstElementChild;
    const of = one.number ? " · " + say(words.of, "number", one.number) : "";
    item.querySelector("[data-title]").textContent = one.title || words.untitled;
    item.querySelector("[data-kind]").textContent = (words.kinds[one.kind] || "") + of;
    item.querySelector("[data-where]").textContent = where;
    all("[data-open]", item).forEach((link) => { link.href = one.url; });
    item.dataset.device = one.id;
    return item;
  }

  // What is tried again or opened is taken out of the outbox first where that is needed.
  function waiting(item) {
    const isRefused = item.state === "refused";
    const where = isRefused ? say(words.refused, "why", item.said) : item.state === "signin" ? words.signIn : item.heldUntil > Date.now() ? words.sending : words.waits;
    const line = row(item, where), retry = line.querySelector("[data-retry]");
    line.classList.toggle("is-refused", isRefused);
    retry.addEventListener("click", () => {
      platu.outbox.change(item.key, (now) => (now ? Object.assign(now, { state: "waiting", tries: 0, heldUntil: 0 }) : undefined)).then(platu.hurry);
    });
    all("[data-open]", line).forEach((link) => link.addEventListener("click", (event) => {
      event.preventDefault();
      platu.outbox.remove(item.key).then(() => location.assign(item.url));
    }));
    line.querySelector("[data-discard]").addEventListener("click", () => {
      Promise.all([platu.outbox.remove(item.key), throwAway(item.id, true)]).then(() => offer({ item: item, id: item.id }));
    });
    return line;
  }
  function draft(one) {
    const line = row(one, words.device);
    line.querySelector("[data-retry]").remove();
    line.querySelector("[data-discard]").addEventListener("click", () => throwAway(one.id, true).then(() => offer({ id: one.id })));
    return line;
  }
  const throwAway = (id, isGone) => platu.drafts.change(id, (now) => (now ? Object.assign(now, { discarded: isGone ? Date.now() : 0 }) : undefined));

  function offer(what) {
    gone = what;
    undo.hidden = false;
    undo.querySelector("button").focus();
  }
  undo.querySelector("button").addEventListener("click", () => {
    const item = gone.item;
    undo.hidden = true;
    throwAway(gone.id, false).then(() => (item ? platu.outbox.put(Object.assign({}, item)) : null)).then(show);
  });

  async function show() {
    const items = await platu.outbox.all(), drafts = await platu.drafts.all(), queued = items.map((item) => item.id);
    const list = box.querySelector("ul"), listed = {};
    list.textContent = "";
    items.forEach((item) => list.appendChild(waiting(item)));
    box.hidden = !items.length;
    all("[data-device]", kept).forEach((line) => line.remove());
    all("[data-id]", kept).forEach((line) => {
      listed[line.dataset.id] = line;
      line.hidden = queued.indexOf(line.dataset.id) >= 0;
    });
    drafts.filter((one) => !one.discarded && queued.indexOf(one.id) < 0).forEach((one) => {
      if (!listed[one.id]) kept.querySelector("ul").appendChild(draft(one));
      else if (one.dirty) {
        listed[one.id].querySelector("[data-where]").textContent = words.newer;
        all("a", listed[one.id]).forEach((link) => { link.href = one.url; });
      }
    });
    kept.hidden = !all(".unfinished-list > li:not([hidden])", kept).length;
    document.getElementById("nothing").hidden = !(kept.hidden && box.hidden);
  }

  // The server throws its copy away; this device's goes out of sight with it, and comes back with it.
  document.addEventListener("submit", (event) => {
    const form = event.target, id = form.dataset.discard || form.dataset.takeBack;
    if (!id || form.dataset.done) return;
    event.preventDefault();
    const go = () => { form.dataset.done = "1"; HTMLFormElement.prototype.submit.call(form); };
    throwAway(id, Boolean(form.dataset.discard)).then(go, go);
  });
  document.addEventListener("platu:state", () => { show().catch(() => {}); });
  platu.ready.then((canKeep) => (canKeep ? show().then(() => platu.tidy(true)).then(show) : null)).catch(() => {});
})();
