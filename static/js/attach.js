// Sends photos and documents while the form is still being written: smaller and upright already on
// the phone, piece by piece, going on where a break stopped them; what cannot go yet waits on this
// device, for this account only. ES2017, no libraries; without it the form's own button sends them.
(function () {
  "use strict";
  const box = document.getElementById("attachments");
  if (!box || !window.fetch || !window.URL) return;
  const words = box.dataset, form = box.closest("form"), state = box.querySelector(".file-state"), add = box.querySelector(".add-row");
  const account = document.documentElement.dataset.account || "0";
  const LONGEST = 1600, QUALITY = 0.82, LEAST = 65536, LARGEST = 1048576, FIRST_WAIT = 2000, MOST_WAIT = 60000, OLD = 300000;
  const all = (selector, within) => Array.from((within || box).querySelectorAll(selector));
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    element.className = name;
    if (text) element.textContent = text;
    return element;
  };
  const items = [];
  let token = "", busy = false, wait = FIRST_WAIT, timer = 0, held = "";

  // --- what waits on this device: a database for each account -----------------------------------

  const opened = new Promise((done) => {
    const asked = window.indexedDB ? indexedDB.open("platu-files-" + account, 1) : null;
    if (!asked) return done(null);
    asked.onupgradeneeded = () => asked.result.createObjectStore("files", { keyPath: "id" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => done(null);
  });
  const stored = (mode, work) => opened.then((base) => base && new Promise((done) => {
    const asked = work(base.transaction("files", mode).objectStore("files"));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => done(null);
  })).catch(() => null);
  const forget = (item) => stored("readwrite", (files) => files.delete(item.id));
  const keep = (item) => stored("readwrite", (files) => files.put({
    id: item.id, form: form.dataset.draft, name: item.name, data: item.data, caption: item.caption, upload: item.upload, at: item.at,
  }));

  // --- rows -------------------------------------------------------------------------------------

  const field = (row, column) => row.querySelector("[name$='-" + column + "']");
  const changed = () => box.dispatchEvent(new Event("input", { bubbles: true }));
  const rows = () => all(".row");
  function newRow() {
    add.click();
    if (box.contains(document.activeElement)) document.activeElement.blur();
    return rows().pop();
  }
  function say(row, text, isWrong) {
    row.querySelector(".file-facts").textContent = text;
    row.classList.toggle("is-wrong", Boolean(isWrong));
  }
  function face(row, address) {
    if (!address) return;
    const picture = make("img", "");
    picture.src = address;
    picture.alt = "";
    const place = row.querySelector(".file-face");
    place.textContent = "";
    place.appendChild(picture);
  }
  function show(row, told) {
    const link = row.querySelector(".file-name");
    link.textContent = told.name;
    row.setAttribute("aria-label", told.name);
    if (!told.url) return;
    row.dataset.key = told.key;
    link.href = told.url;
    link.target = "_blank";
    face(row, told.thumbnail);
    say(row, told.type + " · " + told.size_said);
  }
  // The server keeps rows in the order of their numbers.
  function number() {
    rows().forEach((row, n) => {
      row.querySelector(".file-up").hidden = n === 0;
      [row].concat(all("*", row)).forEach((one) => ["id", "name", "for", "value"].forEach((name) => {
        const said = one.getAttribute(name);
        if (said && /^attachments-\d+/.test(said)) one.setAttribute(name, said.replace(/\d+/, n));
      }));
    });
  }
  function describe() {
    rows().forEach((row) => {
      const key = field(row, "key").value;
      if (key && row.dataset.key !== key && !row.querySelector(".file-name[href$='" + key + "']")) {
        ask("GET", "/attachments/" + key).then((told) => { if (told.key) show(row, told); }).catch(() => {});
      }
    });
    number();
  }

  // --- on the way -------------------------------------------------------------------------------

  function ask(method, address, body, headers) {
    const first = method === "GET" || token ? Promise.resolve() : fetch("/session", { credentials: "same-origin", cache: "no-store" })
      .then((answer) => answer.json()).then((told) => { token = told.csrf_token; });
    return first.then(() => fetch(address, {
      method: method, body: body, credentials: "same-origin",
      headers: Object.assign({ Accept: "application/json", "X-CSRFToken": token, "Platu-Account": account }, headers),
    })).then((answer) => answer.json().catch(() => ({})).then((told) => {
      told.status = answer.status;
      if (answer.status === 400) token = "";
      return told;
    }));
  }
  function piece(item, told) {
    if (told.key || told.status >= 400 || item.gone) return told;
    const begun = Date.now(), at = told.offset;
    item.bar.value = at / item.data.byteLength;
    say(item.row, words.sending + " " + Math.round(100 * item.bar.value) + "%");
    const headers = { "Content-Type": "application/octet-stream", "Upload-Offset": String(at) };
    return ask("PATCH", "/uploads/" + item.upload, item.data.slice(at, at + item.piece), headers).then((next) => {
      item.piece = Date.now() - begun < 2000 ? Math.min(2 * item.piece, LARGEST) : Math.max(item.piece / 2, LEAST);
      return next.status === 409 ? begin(item) : piece(item, next);
    });
  }
  function begin(item) {
    const asked = item.upload ? ask("GET", "/uploads/" + item.upload)
      : ask("POST", "/uploads", JSON.stringify({ name: item.name, size: item.data.byteLength }), { "Content-Type": "application/json" });
    return asked.then((told) => {
      if (told.status === 404 && item.upload) {
        item.upload = "";
        return begin(item);
      }
      if (told.id) {
        item.upload = told.id;
        keep(item);
      }
      return piece(item, told);
    });
  }
  function ended(item, told) {
    item.bar.remove();
    item.state = told.key ? "done" : "refused";
    forget(item);
    if (!told.key) return say(item.row, told.error ? told.error.message : words.failed, true);
    field(item.row, "key").value = told.key;
    show(item.row, told);
    state.textContent = words.done + ": " + told.name;
    changed();
  }
  function later(said) {
    items.filter(isWaiting).forEach((item) => say(item.row, said));
    timer = setTimeout(go, wait);
    wait = Math.min(2 * wait, MOST_WAIT);
    if (held) tell();
  }
  const isWaiting = (item) => item.state === "waiting" && !item.gone;
  function go() {
    clearTimeout(timer);
    const item = items.find(isWaiting);
    if (!item) return release();
    if (busy) return;
    busy = true;
    const done = () => { busy = false; };
    begin(item).then((told) => {
      done();
      if (item.gone) return go();
      // Someone must sign in, the server is not well, or the token was stale: it stays here.
      if (!told.key && (told.status < 404 || told.status === 429 || told.status >= 500)) {
        return later(told.error && told.status !== 400 ? told.error.message : words.waiting);
      }
      wait = FIRST_WAIT;
      ended(item, told);
      go();
    }).catch(() => { done(); later(words.waiting); });
  }
  const wake = () => { wait = FIRST_WAIT; if (items.some(isWaiting)) go(); };

  // --- choosing ---------------------------------------------------------------------------------

  // A canvas knows nothing of place and camera. A browser that would draw it lying down is left out.
  function shrunk(file) {
    const picture = new Image(), address = URL.createObjectURL(file), canvas = document.createElement("canvas");
    const turns = getComputedStyle(document.body).imageOrientation === "from-image";
    if (!/^image\/(jpeg|png|webp|hei[cf])$/.test(file.type) || !turns || !canvas.toBlob) return Promise.resolve(file);
    return new Promise((done) => {
      picture.onerror = () => done(file);
      picture.onload = () => {
        const scale = Math.min(1, LONGEST / Math.max(picture.naturalWidth, picture.naturalHeight));
        if (scale === 1 && file.type === "image/png") return done(file);
        canvas.width = Math.round(picture.naturalWidth * scale);
        canvas.height = Math.round(picture.naturalHeight * scale);
        const pen = canvas.getContext("2d");
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
        canvas.toBlob((small) => done(small || file), "image/jpeg", QUALITY);
      };
      picture.src = address;
    }).then((small) => { URL.revokeObjectURL(address); return small; });
  }
  function enter(item) {
    item.row = newRow();
    item.piece = 2 * LEAST;
    item.state = "waiting";
    item.bar = make("progress", "file-bar");
    item.bar.max = 1;
    item.bar.setAttribute("aria-label", item.name);
    show(item.row, { name: item.name });
    item.row.querySelector(".file-what").appendChild(item.bar);
    if (item.caption) field(item.row, "caption").value = item.caption;
    items.push(item);
    number();
    return item;
  }
  function take(file) {
    if (rows().length >= Number(words.most)) {
      state.textContent = words.tooMany;
      return Promise.resolve();
    }
    const item = enter({ id: Date.now() + "-" + Math.random(), name: file.name || "photo.jpg", caption: "", upload: "", at: Date.now() });
    item.state = "shrinking";
    say(item.row, words.shrinking);
    return shrunk(file).then((small) => {
      if (small.size > words.mostMb * LARGEST) return ended(item, { error: { message: words.tooLarge } });
      if (/^image\/(jpeg|png|webp|gif)$/.test(small.type)) face(item.row, URL.createObjectURL(small));
      return new Response(small).arrayBuffer().then((data) => {
        item.data = data;
        item.state = "waiting";
        keep(item);
        go();
      });
    }).catch(() => ended(item, {}));
  }
  all("input[type=file]").forEach((input) => input.addEventListener("change", (event) => {
    event.stopPropagation();
    const files = Array.from(input.files);
    input.value = "";
    files.reduce((before, file) => before.then(() => take(file)), Promise.resolve());
  }));

  // --- taking out, moving, captions -------------------------------------------------------------

  function remove(row) {
    const item = items.find((one) => one.row === row), line = make("div", "file-gone");
    const undo = make("button", "button button-quiet", words.undo);
    undo.type = "button";
    line.appendChild(make("span", "", words.removed + ": " + row.getAttribute("aria-label")));
    line.appendChild(undo);
    row.parentNode.replaceChild(line, row);
    if (item) { item.gone = true; forget(item); }
    undo.focus();
    undo.addEventListener("click", () => {
      line.parentNode.replaceChild(row, line);
      if (item) { item.gone = false; if (isWaiting(item)) { keep(item); go(); } }
      number();
      changed();
      field(row, "caption").focus();
    });
    number();
    changed();
    if (held) release();
  }
  box.addEventListener("click", (event) => {
    const button = event.target.closest("button"), row = button && button.closest(".row");
    if (!row) return;
    event.stopPropagation();
    event.preventDefault();
    if (button.classList.contains("row-remove")) return remove(row);
    const before = rows()[rows().indexOf(row) - 1];
    if (before) before.parentNode.insertBefore(row, before);
    number();
    changed();
    button.focus();
  }, true);
  box.addEventListener("change", (event) => {
    const item = items.find((one) => one.row.contains(event.target));
    if (!item || !isWaiting(item)) return;
    item.caption = event.target.value;
    keep(item);
  });

  // --- the form waits for its files -------------------------------------------------------------

  const unsent = () => items.filter((item) => !item.gone && (item.state === "waiting" || item.state === "shrinking"));
  const isStuck = () => navigator.onLine === false || wait > FIRST_WAIT;
  function tell() {
    const names = unsent().map((item) => item.name).join(", ");
    state.textContent = words.notYet + " " + names + (isStuck() ? " – " + words.hold : "");
  }
  function release() {
    if (!held || unsent().length) return;
    const button = held;
    held = "";
    state.textContent = "";
    button.click();
  }
  window.addEventListener("submit", (event) => {
    const button = event.submitter || document.activeElement;
    const goes = button && button.name && button.value !== "save";
    if (event.target !== form || !unsent().length || goes || (held && isStuck())) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held = form.querySelector(".actions [value=save]");
    tell();
    state.scrollIntoView({ block: "center" });
    if (!isStuck()) wake();
  }, true);

  // --- from last time ---------------------------------------------------------------------------

  function offer(left) {
    const line = make("p", "file-gone"), use = make("button", "button", words.use), drop = make("button", "button button-quiet", words.drop);
    line.appendChild(make("span", "", words.kept + ": " + left.map((one) => one.name).join(", ")));
    [use, drop].forEach((button) => { button.type = "button"; line.appendChild(button); });
    use.addEventListener("click", () => { left.forEach((one) => keep(enter(one))); line.remove(); go(); });
    drop.addEventListener("click", () => { left.forEach(forget); line.remove(); });
    box.insertBefore(line, box.querySelector("template"));
  }
  box.classList.add("is-live");
  all("#camera, [for=camera]").forEach((one) => { one.hidden = !navigator.maxTouchPoints; });
  box.querySelector("#attach").hidden = true;
  describe();
  document.addEventListener("platu:filled", describe);
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
  stored("readonly", (files) => files.getAll()).then((found) => {
    const mine = (found || []).filter((one) => one.form === form.dataset.draft);
    const left = (found || []).filter((one) => mine.indexOf(one) < 0 && Date.now() - one.at > OLD);
    mine.forEach(enter);
    if (left.length) offer(left);
    go();
  });
})();
