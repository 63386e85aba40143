// What this device keeps for one account: drafts, and what waits to be sent. ES2017, no libraries.
// One database for each account, so that on a shared phone nobody meets another's words.
//
// window.platu: {account, device, session(), send(), drafts, outbox, about, forms, uuid()}
//   drafts, outbox   {get, all, put, remove, change}: promises; change(key, alter) reads and writes
//                    in one transaction (alter gives the new value, null to remove, or nothing)
//   send(method, address, body, seconds)   {status, data}; status 0 when no answer of ours came
//   forms            form → what drafts.js knows of it
// A draft: {id, kind, number, basedOn, title, text, step, after, dirty, said, url, discarded}; text is
// the JSON of [[name, value]…], after the last step that the server told, dirty whether it lacks words.
(function () {
  "use strict";
  const account = Number(document.documentElement.dataset.account);
  if (!account || !window.fetch || !window.Promise) return;
  const LATEST_MS = 4000;
  let opening = null;

  function open() {
    opening = opening || new Promise((done, fail) => {
      const request = indexedDB.open("platu-" + account, 1);
      setTimeout(() => fail(new Error("the database does not open")), LATEST_MS);
      request.onerror = () => fail(request.error);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("drafts", { keyPath: "id" });
        request.result.createObjectStore("outbox", { keyPath: "key", autoIncrement: true });
        request.result.createObjectStore("about", { keyPath: "name" });
      };
      request.onsuccess = () => {
        request.result.onclose = () => { opening = null; };
        request.result.onversionchange = () => { request.result.close(); opening = null; };
        done(request.result);
      };
    });
    return opening;
  }

  // Other tabs of this person show what waits, too.
  const tell = () => document.dispatchEvent(new Event("platu:state"));
  const others = window.BroadcastChannel ? new BroadcastChannel("platu-" + account) : null;
  if (others) others.onmessage = tell;
  function changed(name) {
    setTimeout(tell);
    if (others && name === "outbox") others.postMessage(name);
  }

  // Strict: the words are on the disk, and not on their way to it, when the page says so.
  function inside(name, mode, work) {
    return open().then((database) => new Promise((done, fail) => {
      const going = database.transaction(name, mode, { durability: "strict" });
      let answer;
      going.oncomplete = () => {
        if (mode === "readwrite") changed(name);
        done(answer);
      };
      going.onabort = going.onerror = () => fail(going.error);
      work(going.objectStore(name), (value) => { answer = value; });
    }));
  }
  const told = (request, tell) => { request.onsuccess = () => tell(request.result); };
  const store = (name) => ({
    get: (key) => inside(name, "readonly", (rows, tell) => told(rows.get(key), tell)),
    all: () => inside(name, "readonly", (rows, tell) => told(rows.getAll(), tell)),
    put: (value) => inside(name, "readwrite", (rows, tell) => told(rows.put(value), tell)),
    remove: (key) => inside(name, "readwrite", (rows) => rows.delete(key)),
    change: (key, alter) => inside(name, "readwrite", (rows, tell) => told(rows.get(key), (before) => {
      const after = alter(before);
      if (after === null) rows.delete(key);
      else if (after) rows.put(after);
      tell(after);
    })),
  });

  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes).map((byte) => (256 + byte).toString(16).slice(1)).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  // An answer that is not JSON comes from something between us and the server: a portal, a proxy.
  function ask(address, options, seconds) {
    const stopper = window.AbortController ? new AbortController() : null;
    const whole = Object.assign({ credentials: "same-origin", cache: "no-store", signal: stopper ? stopper.signal : undefined }, options);
    const late = new Promise((_done, fail) => setTimeout(() => { fail(new Error("late")); if (stopper) stopper.abort(); }, 1000 * seconds));
    const answer = fetch(address, whole).then((came) => came.json().then((data) => ({ status: came.status, data: data })));
    return Promise.race([answer, late]).catch(() => ({ status: 0, data: {} }));
  }

  let token = "";
  const session = () => ask("/session", { headers: { Accept: "application/json" } }, 20).then((answer) => {
    if (answer.status !== 200 || !answer.data.csrf_token) return null;
    token = answer.data.csrf_token;
    return answer.data;
  });

  async function send(method, address, body, seconds, keepalive) {
    if (!token) {
      const field = document.querySelector("input[name=csrf_token]");
      token = field ? field.value : "";
    }
    const isForm = body instanceof URLSearchParams;
    const once = () => ask(address, {
      method: method,
      body: String(body),
      keepalive: Boolean(keepalive),
      headers: {
        Accept: "application/json",
        "Content-Type": isForm ? "application/x-www-form-urlencoded" : "application/json",
        "Platu-Account": String(account),
        "X-CSRFToken": token,
      },
    }, seconds);
    const answer = await once();
    const code = answer.data && answer.data.error ? answer.data.error.code : "";
    if (code !== "stale_form" || keepalive) return answer;
    // The page is older than the session: a fresh token, if it is still the same person.
    const now = await session();
    return now && now.account === account ? once() : now ? { status: now.account ? 403 : 401, data: answer.data } : { status: 0, data: {} };
  }

  const platu = { account: account, device: "", session: session, send: send, uuid: uuid, forms: new Map(),
    drafts: store("drafts"), outbox: store("outbox"), about: store("about") };
  // Whether this device can keep words at all; it names itself at the first chance.
  platu.ready = platu.about.change("device", (kept) => kept || { name: "device", value: uuid() })
    .then((kept) => { platu.device = kept.value; return true; }, () => { platu.device = uuid(); return false; });

  // Brings one kept draft to the server; what it answers is noted unless it was written on meanwhile.
  platu.push = (draft, keepalive) => send("PUT", "/drafts/" + draft.id, JSON.stringify({
    kind: draft.kind, number: draft.number, based_on: draft.basedOn, fields: JSON.parse(draft.text),
    step: draft.step, after: draft.after, device: platu.device,
  }), 20, keepalive).then((answer) => {
    const data = answer.data || {};
    if (answer.status === 200 && !data.step) return { status: 0, data: {} };
    if (answer.status !== 200) return answer;
    return platu.drafts.change(draft.id, (kept) => {
      if (!kept) return undefined;
      if (data.sent && kept.text === draft.text) return null;
      return Object.assign(kept, { after: data.step, step: Math.max(kept.step, data.step), dirty: kept.text !== draft.text, said: data.said });
    }).then(() => answer, () => answer);
  });
  window.platu = platu;
})();
