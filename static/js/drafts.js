// Keeps what is typed into a form: on this device at once, on the server while there is a connection,
// and says honestly where the words are. ES2017, no libraries; without it the form works as ever.
(function () {
  "use strict";
  const platu = window.platu, block = document.getElementById("queued");
  if (!platu || !block) return;
  const words = JSON.parse(block.dataset.words);
  const LEFT_OUT = /^(csrf_token|client_id|kind|based_on|draft_step|draft_device|do|add|remove|switch)$/;
  const CHOSEN = /^(questions|credit|visibility|polarity|themes|reply_to|reason|briefing|.*-(role|level|part|code|for|place_code|place_for|absent|done|key|lesson|outcome|carried_from|carried_key))$/;
  const ROW = /^([a-z_]+)-(\d{1,6})-([a-z_]+)$/;
  const DEVICE_MS = 300, SERVER_MS = 2000, LONGEST_LAST = 60000, MOST_PAUSE_MS = 120000;
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const say = (sentence, name, value) => sentence.replace("{" + name + "}", value);
  const plain = (text) => text.replace(/\r\n?/g, "\n");

  function fieldsOf(form) {
    return Array.from(new FormData(form).entries())
      .filter((pair) => typeof pair[1] === "string" && !LEFT_OUT.test(pair[0]))
      .map((pair) => [pair[0], plain(pair[1])]);
  }
  function titleOf(fields) {
    const typed = fields.find((pair) => pair[0] === "title" && pair[1].trim());
    const first = typed || fields.find((pair) => pair[1].trim() && !CHOSEN.test(pair[0]));
    const words = first ? first[1].trim().replace(/\s+/g, " ") : "", cut = words.lastIndexOf(" ", 80);
    return words.length > 80 ? words.slice(0, cut > 20 ? cut : 80) + "…" : words;
  }

  // --- filling ----------------------------------------------------------------------------------

  function hidden(within, name, value) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    return within.appendChild(field);
  }

  // Rows by their order: the draft's nth row goes to the page's nth, added as a person would.
  function rowsFor(form, fields) {
    const wanted = {};
    fields.forEach((pair) => {
      const found = ROW.exec(pair[0]), box = found && form.querySelector("[data-rows='" + found[1] + "']");
      if (!box) return;
      const rows = wanted[found[1]] = wanted[found[1]] || { box: box, byIndex: {} };
      rows.byIndex[found[2]] = rows.byIndex[found[2]] || [];
      rows.byIndex[found[2]].push([found[3], pair[1]]);
    });
    Object.keys(wanted).forEach((prefix) => {
      const box = wanted[prefix].box, add = box.querySelector(".add-row");
      const filled = Object.keys(wanted[prefix].byIndex).map(Number).sort((a, b) => a - b).map((index) => wanted[prefix].byIndex[index]);
      const rows = () => all(".row", box);
      for (let n = rows().length; n < filled.length && add; n += 1) add.click();
      rows().slice(filled.length).forEach((row) => row.remove());
      filled.forEach((columns, n) => fillRow(rows()[n] || box, prefix, columns));
    });
    return Object.keys(wanted);
  }
  function fillRow(row, prefix, columns) {
    const any = row.querySelector("[name^='" + prefix + "-']"), at = any ? ROW.exec(any.name) : null;
    const start = prefix + "-" + (at ? at[2] : "0") + "-";
    all("input[type=checkbox], input[type=radio]", row).forEach((box) => { box.checked = false; });
    columns.forEach((column) => {
      if (!put(row, start + column[0], [column[1]])) hidden(row, start + column[0], column[1]);
    });
  }

  // Gives the values to the fields of this name; false when there is none.
  function put(within, name, values) {
    const found = all("[name='" + name + "']", within);
    const boxes = found.filter((field) => field.type === "checkbox" || field.type === "radio");
    boxes.forEach((box) => { box.checked = values.indexOf(box.value) >= 0; });
    const missing = values.filter((value) => value && !boxes.some((box) => box.value === value));
    const others = found.filter((field) => boxes.indexOf(field) < 0);
    if (boxes.length) {
      others.forEach((field) => field.remove());
      missing.forEach((value) => hidden(within, name, value));
      return true;
    }
    others.forEach((field, n) => { field.value = values[n] === undefined ? field.value : values[n]; });
    return others.length > 0;
  }

  // Words whose field is not on this page stay in sight: they are sent with the rest.
  function stray(form, name, value) {
    if (!value.trim()) return;
    if (name.indexOf("answers-") !== 0) return hidden(form, name, value);
    const box = document.createElement("div"), label = document.createElement("label"), field = document.createElement("textarea");
    box.className = "field";
    label.textContent = words.stray;
    label.htmlFor = field.id = field.name = name;
    field.rows = 4;
    field.value = value;
    box.appendChild(label);
    box.appendChild(field);
    const first = form.querySelector(".step, .field");
    first.parentNode.insertBefore(box, first);
  }

  function fill(form, fields) {
    const place = [window.scrollX, window.scrollY], focused = document.activeElement;
    const questions = fields.find((pair) => pair[0] === "questions");
    if (questions) document.dispatchEvent(new CustomEvent("platu:questions", { detail: { id: questions[1] } }));
    const done = rowsFor(form, fields), byName = {};
    fields.forEach((pair) => {
      const row = ROW.exec(pair[0]);
      if (row && done.indexOf(row[1]) >= 0) return;
      (byName[pair[0]] = byName[pair[0]] || []).push(pair[1]);
    });
    all("input[type=checkbox], input[type=radio]", form).forEach((box) => {
      if (!ROW.test(box.name) && box.type === "checkbox") box.checked = false;
    });
    Object.keys(byName).forEach((name) => {
      if (name !== "questions" && !put(form, name, byName[name])) byName[name].forEach((value) => stray(form, name, value));
    });
    all("details", form).forEach((part) => {
      if (all("input:not([type=hidden]):not([type=radio]), textarea", part).some((field) => (field.type === "checkbox" ? field.checked : field.value))) part.open = true;
    });
    if (document.activeElement !== focused && document.activeElement) document.activeElement.blur();
    window.scrollTo(place[0], place[1]);
    document.dispatchEvent(new Event("platu:filled"));
  }

  // --- one form ---------------------------------------------------------------------------------

  function keep(form, canKeep) {
    const carried = (name) => form.elements[name] || hidden(form, name, "");
    const at = form.dataset, line = form.querySelector(".save-state");
    let id = at.draft, kept = JSON.stringify(fieldsOf(form)), step = 0, after = Number(carried("draft_step").value) || 0;
    let dirty = false, filling = false, stopped = false, writing = null, pushing = null, again = false;
    let wasSent = false, deviceTimer = 0, serverTimer = 0, pause = 5000, wrote = 0;
    const isComment = at.kind === "comment";
    const page = () => {
      const path = isComment ? "/notes/" + at.number : at.number ? "/notes/" + at.number + "/edit" : "/write/" + at.kind;
      return path + "?draft=" + id + (isComment ? "#comment-form" : "");
    };
    const record = () => {
      const fields = fieldsOf(form);
      return { id: id, kind: at.kind, number: Number(at.number) || null, basedOn: Number(at.basedOn) || null,
        title: titleOf(fields), text: JSON.stringify(fields), step: step, after: after, dirty: true, said: "", url: page() };
    };

    // Small steps back and forth are not read aloud; what asks for attention is.
    function show(text, matters, link) {
      if (!line) return;
      line.setAttribute("aria-live", matters ? "polite" : "off");
      if (line.textContent === text && !link) return;
      line.textContent = text;
      line.classList.toggle("is-warning", Boolean(matters));
      if (!link) return;
      const anchor = document.createElement("a");
      anchor.href = link[0];
      anchor.textContent = link[1];
      if (link[2]) anchor.target = "_blank";
      line.appendChild(document.createTextNode(" "));
      line.appendChild(anchor);
    }
    const showLocal = () => (canKeep ? show(words.device) : show(words.nowhere, true));

    function carry() {
      at.draft = id;
      carried("client_id").value = id;
      carried("draft_step").value = step;
      carried("draft_device").value = platu.device;
    }
    // The steps of a form are entries of the history; each of them leads back to this draft.
    function stay() {
      if (!stopped && !isComment && location.search.indexOf(id) < 0) history.replaceState(history.state, "", page());
    }

    // These words go on as a draft of their own; `other` is the one that somebody else goes on with.
    function part(other) {
      id = platu.uuid();
      step = after = 0;
      kept = "";
      carry();
      beside(words.parted, other ? [["/drafts/" + other, words.other]] : []);
      return write(true);
    }
    function beside(sentence, links) {
      const note = document.createElement("p"), said = document.createElement("span");
      note.className = "beside";
      note.setAttribute("role", "status");
      said.textContent = sentence;
      links.forEach((link) => {
        const anchor = document.createElement("a");
        anchor.href = link[0];
        anchor.textContent = link[1];
        said.appendChild(document.createTextNode(" "));
        said.appendChild(anchor);
      });
      note.appendChild(said);
      form.parentNode.insertBefore(note, form);
    }

    // To this device. `last` when the page may be gone the next moment: no reading before writing.
    async function write(last) {
      clearTimeout(deviceTimer);
      deviceTimer = 0;
      if (writing && !last) { again = true; return writing; }
      const now = record();
      if (stopped || now.text === kept) return undefined;
      const before = kept, wasWritten = step > 0;
      kept = now.text;
      dirty = true;
      step += 1;
      now.step = step;
      wrote = Date.now();
      carry();
      if (!canKeep) { later(SERVER_MS / 2); showLocal(); return undefined; }
      let elsewhere = false;
      const alter = (there) => {
        elsewhere = there ? there.step >= now.step && there.text !== before && there.text !== now.text : wasWritten;
        return elsewhere ? undefined : now;
      };
      writing = (last ? platu.drafts.put(now) : platu.drafts.change(id, alter)).then(() => {
        form.dataset.safe = "";
        if (!elsewhere) { stay(); showLocal(); later(SERVER_MS); }
      }, () => {
        canKeep = false;
        showLocal();
        later(0);
      });
      const mine = writing;
      await mine;
      if (writing === mine) writing = null;
      if (elsewhere) return part(id);
      if (again) { again = false; return write(false); }
      return undefined;
    }
    function changed() {
      if (filling || stopped || !keeper.ready) return;
      if (!canKeep) delete form.dataset.safe;
      if (!deviceTimer) deviceTimer = setTimeout(() => write(false), Math.max(0, wrote + DEVICE_MS - Date.now()));
    }

    // To the server.
    function later(wait) {
      clearTimeout(serverTimer);
      serverTimer = setTimeout(() => push(false), wait);
    }
    async function push(last) {
      if (stopped || !dirty || (pushing && !last)) return pushing;
      clearTimeout(serverTimer);
      const sent = Object.assign(record(), { id: id, text: kept, step: step });
      const slow = setTimeout(() => show(words.sending), 1500);
      const mine = pushing = platu.push(sent, last);
      const answer = await mine;
      clearTimeout(slow);
      if (pushing === mine) pushing = null;
      if (!stopped && sent.id === id) heard(sent, answer);
      return undefined;
    }
    function heard(sent, answer) {
      const error = (answer.data && answer.data.error) || {};
      if (answer.status === 200) {
        after = answer.data.step;
        step = Math.max(step, after);
        dirty = kept !== sent.text;
        pause = 5000;
        carry();
        stay();
        if (dirty) return later(SERVER_MS);
        form.dataset.safe = "";
        return show(say(words.server, "when", answer.data.said));
      }
      if (answer.status === 409) {
        const old = id;
        return platu.drafts.remove(old).catch(() => {}).then(() => part(answer.data.sent ? "" : old));
      }
      if (answer.status === 401) show(words.signIn, true, ["/signin?next=/drafts", words.signInHere, true]);
      else if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) show(say(words.refused, "why", error.message || ""), true);
      else showLocal();
      pause = Math.min(2 * pause, MOST_PAUSE_MS);
      return later(pause);
    }
    const hurry = () => { pause = 5000; if (dirty) later(0); };

    function leaving() {
      write(true);
      if (dirty && kept.length < LONGEST_LAST / 3) push(true);
    }

    // --- beginning ------------------------------------------------------------------------------

    async function begin() {
      const asked = new URLSearchParams(location.search).get("draft") || "";
      const here = canKeep ? await platu.drafts.all() : [];
      const answers = (fields) => (fields.find((pair) => pair[0] === "reply_to") || ["", ""])[1];
      const mine = (one) => !one.discarded && one.kind === at.kind && String(one.number || "") === at.number
        && (!isComment || answers(JSON.parse(one.text)) === answers(fieldsOf(form)));
      if (at.from === "sent") {
        const there = here.find((one) => one.id === id);
        if (there) { step = there.step; after = Math.max(after, there.after); }
        carry();
        kept = "";
        return write(false);
      }
      if (at.from === "draft") return meet(here.find((one) => one.id === id));
      const local = here.find((one) => one.id === asked && !one.discarded && one.kind === at.kind) || (isComment && here.find(mine));
      if (local) return take(local);
      if (asked && !isComment) history.replaceState(history.state, "", location.pathname);
      id = platu.uuid();
      carry();
      offer(here.filter(mine));
      // On a slow connection people type before this script has come.
      if (all("textarea, input[type=text]", form).some((field) => field.value !== field.defaultValue)) kept = "";
      return undefined;
    }
    function take(local) {
      id = local.id;
      step = local.step;
      after = local.after;
      dirty = local.dirty;
      if (local.basedOn && form.elements.based_on) form.elements.based_on.value = at.basedOn = local.basedOn;
      filling = true;
      fill(form, JSON.parse(local.text));
      filling = false;
      // A form may number its rows anew: that is a change after the one that is perhaps on its way.
      kept = dirty ? local.text : JSON.stringify(fieldsOf(form));
      form.dataset.safe = "";
      carry();
      stay();
      if (!dirty) return show(say(words.server, "when", local.said));
      showLocal();
      return write(false).then(() => later(0));
    }
    // The server showed its draft; this device may know words that the server does not.
    function meet(local) {
      const shown = after, now = record();
      if (local && !local.discarded && local.text !== now.text && (local.dirty || local.after > shown)) {
        if (local.after >= shown || at.device === platu.device) {
          local.after = Math.max(local.after, shown);
          local.dirty = true;
          return take(local);
        }
        const other = id;
        filling = true;
        fill(form, JSON.parse(local.text));
        filling = false;
        return platu.drafts.remove(other).then(() => part(other));
      }
      step = Math.max(shown, local ? local.step : 0);
      kept = now.text;
      dirty = false;
      form.dataset.safe = "";
      carry();
      const said = line ? line.textContent.trim() : "";
      if (!canKeep) return undefined;
      return platu.drafts.put(Object.assign(now, { step: step, after: shown, dirty: false, said: (/[\d:]+\d/.exec(said) || [""])[0] })).catch(() => {});
    }
    function offer(others) {
      const told = all("#own-drafts a").map((link) => link.getAttribute("href"));
      const links = others.filter((one) => told.indexOf("/drafts/" + one.id) < 0).slice(-3).map((one) => [one.url, one.title || words.untitled]);
      if (links.length && !isComment) beside(words.unfinished, links);
    }

    // --- for outbox.js --------------------------------------------------------------------------

    const keeper = {
      form: form,
      ready: false,
      canKeep: () => canKeep,
      id: () => id,
      words: words,
      show: show,
      // All words on this device, and nothing more to the server until `again`.
      async close() {
        await write(false);
        if (writing) await writing;
        clearTimeout(serverTimer);
        step += 1;
        carry();
        stopped = true;
      },
      sent() { wasSent = true; },
      again() {
        stopped = false;
        dirty = true;
        later(0);
      },
      item: () => Object.assign(record(), { id: id, step: step, action: form.getAttribute("action") }),
      flush: () => write(false).then(() => push(false)),
    };
    platu.forms.set(form, keeper);

    // What a browser puts back by itself, on the way back to a form that was sent, is sent already.
    form.autocomplete = "off";
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    window.addEventListener("pagehide", leaving);
    document.addEventListener("visibilitychange", () => (document.hidden ? leaving() : hurry()));
    window.addEventListener("online", hurry);
    document.addEventListener("platu:back", hurry);
    window.addEventListener("popstate", stay);
    // Back to a form that was sent: a new one, with an id of its own.
    window.addEventListener("pageshow", (event) => { if (event.persisted && wasSent) location.replace(location.pathname); });
    return begin().catch(() => {}).then(() => { keeper.ready = true; at.ready = ""; changed(); document.dispatchEvent(new Event("platu:state")); });
  }

  platu.ready.then((canKeep) => all("form[data-draft]").forEach((form) => {
    const button = form.querySelector("[name=do][value=draft]");
    if (button) button.hidden = true;
    keep(form, canKeep);
  }));
})();
