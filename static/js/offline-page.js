// Lists what this device keeps: notes, forms, and through window.platu what waits to be sent. ES2017.
(function () {
  "use strict";
  const { ask, moment } = window.platuOffline, part = (name) => document.getElementById("kept-" + name);
  const isAsked = location.pathname === "/offline";
  if (!isAsked) {
    part("heading").textContent = part("heading").dataset.gone;
    document.title = part("heading").dataset.gone;
    part("gone").hidden = false;
    part("asked").hidden = true;
    part("retry").href = location.href;
    document.addEventListener("platu:back", () => location.reload());
  }

  try { part("leaving").hidden = !localStorage.leaving; } catch (refused) { /* Then nobody left so. */ }

  function fill(name, entries) {
    const list = part(name).querySelector("ul");
    list.textContent = "";
    entries.forEach((one) => {
      const row = document.createElement("li"), link = document.createElement("a"), words = document.createElement("span");
      link.href = one.url;
      words.textContent = one.title || one.url;
      link.appendChild(words);
      if (one.note) link.appendChild(document.createElement("small")).textContent = one.note;
      list.appendChild(row).appendChild(link);
    });
    part(name).hidden = !entries.length;
  }
  const plain = (title) => title.replace(/&(?:#(\d+)|(amp|lt|gt|quot));/g, (_all, number, name) => (number
    ? String.fromCharCode(number)
    : { amp: "&", lt: "<", gt: ">", quot: "\"" }[name]));

  function showKept(kept) {
    const { home, kept: since } = part("pages").dataset;
    const entries = (kept || []).filter((one) => !one.path.endsWith("/edit")).map((one) => ({
      url: one.path,
      title: one.path === "/" ? home : plain(one.title),
      note: since.replace("{time}", moment(one.at)),
      saved: one.saved,
    }));
    const isForm = (one) => one.url.startsWith("/write"), isNote = (one) => /^\/notes\/\d+$/.test(one.url);
    const forms = entries.filter(isForm).map((one) => one.url);
    let offered = 0;
    Array.from(part("forms").querySelectorAll("li")).forEach((row) => {
      row.hidden = !forms.includes(row.firstChild.getAttribute("href"));
      if (!row.hidden) offered += 1;
    });
    part("forms").hidden = !offered;
    fill("saved", entries.filter((one) => isNote(one) && one.saved));
    fill("read", entries.filter((one) => isNote(one) && !one.saved));
    fill("pages", entries.filter((one) => !isForm(one) && !isNote(one)));
    part("nothing").hidden = entries.length > 0;
  }
  ask("list").then(showKept);

  // Drafts open in their form; what waits is seen to on the page of unfinished work.
  const platu = window.platu;
  function showWaiting() {
    Promise.all([platu.drafts.all(), platu.outbox.all()]).then(([drafts, items]) => {
      const queued = items.map((one) => one.id), words = part("waiting").dataset;
      fill("waiting", items.map((one) => ({ url: "/drafts", title: one.title || words.untitled, note: words.queued }))
        .concat(drafts.filter((one) => !one.discarded && !queued.includes(one.id)).map((one) => ({ url: one.url || "/drafts", title: one.title || words.untitled, note: words.draft }))));
    }, () => {});
  }
  if (!platu) return;
  showWaiting();
  document.addEventListener("platu:state", showWaiting);
})();
