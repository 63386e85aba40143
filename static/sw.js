// Keeps the frame, the forms and what was read on this device, and each account's pages apart.
// Served at /sw.js with the list in front: const SHELL = {look, assets, forms, places}.
// It never touches what is sent, and keeps no page but those that `keyOf` knows. ES2017, no libraries.
(function () {
  "use strict";
  // Every asset under its own marked address, so that old and new pages each find theirs.
  const ASSETS = "platu-assets", FRAME = "platu-frame", PLACES = "platu-places", STATE = "platu-state";
  // Followed by the number of the account; nobody's pages are those that anyone may read.
  const READ = "platu-read-", SAVED = "platu-saved-", NOBODY = "0";
  const WAIT_MS = 4000, PLACES_WAIT_MS = 3000, LEAVING_MS = 30000, FRESH_MS = 20 * 3600 * 1000;
  const MOST = [[/^\/notes\/\d+$/, 60], [/^\/notes\/\d+\/edit$/, 20], [/^\/help/, 30]];
  const FRAME_PAGE = "/offline";

  // --- who uses this device ---------------------------------------------------------------------

  // `account` was signed in at the last answer of the network. `left` is when a sign-out was asked
  // for and `doubted` that somebody signs in just now: until an answer settles it, nothing private
  // is shown or kept. Requests are numbered: what was asked before the last such moment is too old
  // to say who is signed in.
  // `ahead` is which pages were fetched ahead of need, since when, and of which account and version.
  const known = { account: "", left: 0, doubted: false, ahead: { of: "", since: 0, done: [] } };
  let asked = 0, settled = 0;
  const ready = caches.open(STATE)
    .then((cache) => cache.match("/state"))
    .then((kept) => (kept ? kept.json() : {}))
    .then((said) => { Object.assign(known, said); }, () => {});
  let line = ready;

  // One after the other, so that no page is put where all pages were just thrown away.
  function inTurn(work) {
    const turn = line.then(work);
    line = turn.catch(() => {});
    return turn;
  }
  const remember = () => inTurn(() => caches.open(STATE).then((cache) => cache.put("/state", new Response(JSON.stringify(known)))));
  const owner = () => (known.left || known.doubted ? "" : known.account);
  const isHere = (account) => account === NOBODY || (account !== "" && account === owner());

  function forgetAllBut(account) {
    const stays = [READ + NOBODY, SAVED + NOBODY].concat(account ? [READ + account, SAVED + account] : []);
    known.ahead = { of: "", since: 0, done: [] };
    return inTurn(() => caches.keys().then((names) => Promise.all(names
      .filter((name) => (name.startsWith(READ) || name.startsWith(SAVED)) && !stays.includes(name))
      .map((name) => caches.delete(name)))));
  }

  function leaving(number) {
    settled = Math.max(settled, number);
    known.left = Date.now();
    known.doubted = false;
    return Promise.all([forgetAllBut(""), remember()]);
  }

  function arriving(number) {
    settled = Math.max(settled, number);
    known.doubted = true;
    return remember();
  }

  // Whose cache this answer may go to; "" for none.
  function whose(answer, number) {
    const account = answer.headers.get("Platu-Account") || "";
    if (answer.status !== 200 || answer.type !== "basic" || !/^\d+$/.test(account)) return "";
    if (number >= settled) settle(account, answer.headers.has("Platu-Ended"), number);
    return isHere(account) ? account : "";
  }

  function settle(account, wasEnded, number) {
    const before = JSON.stringify(known);
    // A request that overtook the sign-out on its way.
    const overtook = known.left && !known.doubted && Math.abs(Date.now() - known.left) < LEAVING_MS;
    if (account === known.account && overtook) return;
    settled = number;
    if (account !== NOBODY && account !== known.account) {
      known.account = account;
      forgetAllBut(account);
    } else if (account === NOBODY && (known.left || wasEnded)) {
      known.account = "";
      forgetAllBut("");
    }
    known.left = 0;
    known.doubted = false;
    if (JSON.stringify(known) !== before) remember();
  }

  // --- pages ------------------------------------------------------------------------------------

  // Under which address a page is kept; "" for a page that is not.
  function keyOf(url) {
    const path = url.pathname;
    if (SHELL.forms.includes(path + url.search)) return path + url.search;
    if (url.search) return "";
    return /^\/($|drafts$|mine$|about$|help($|\/)|write$|write\/\w+$|notes\/\d+(\/edit)?$)/.test(path) ? path : "";
  }

  // The page asked for, then the same without what was asked of it: a form stays a form.
  function keysFor(url) {
    const bare = keyOf({ pathname: url.pathname, search: "" }), questions = url.searchParams.get("questions");
    const set = bare && questions ? keyOf({ pathname: bare, search: "?questions=" + questions }) : "";
    return [keyOf(url), set, bare].filter((key, at, all) => key && all.indexOf(key) === at);
  }

  const isAway = (answer) => answer.status >= 500 && !answer.headers.has("Platu-Account");

  function fromServer(request, number) {
    return fetch(request).then((answer) => {
      if (isAway(answer)) throw new Error("away: " + answer.status);
      return answer;
    });
  }

  function keep(url, answer, number) {
    return ready.then(() => {
      const key = keyOf(url), account = whose(answer, number);
      if (key && account) return answer.text().then((text) => put(account, key, text, answer));
      if (key && [403, 404, 410].includes(answer.status)) return drop(key, answer);
    });
  }

  function put(account, key, text, answer) {
    return inTurn(() => {
      if (!isHere(account)) return;
      return firstIn([SAVED + account], key).then((is) => (is
        ? shelve(SAVED + account, key, text, answer)
        : caches.open(READ + account).then((cache) => cache.put(key, kept(text, answer)).then(() => trim(cache)))));
    });
  }

  // A note that is no longer there, or not for this reader, is not to be read from here either.
  function drop(key, answer) {
    const account = answer.headers.get("Platu-Account");
    if (!isHere(account)) return;
    const names = [READ + account, SAVED + account];
    return inTurn(() => Promise.all(names.map((name) => caches.has(name).then((has) => has && caches.open(name).then((cache) => cache.delete(key))))));
  }

  function kept(text, answer) {
    const title = (/<title>([^<]*)<\/title>/.exec(text) || ["", ""])[1].replace(/ – [^–]*$/, "");
    return new Response(text.replace(/<p class="flash [\s\S]*?<\/p>/g, ""), {
      headers: {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": answer.headers.get("Content-Security-Policy") || "default-src 'self'",
        "Platu-Title": encodeURIComponent(title),
        "Date": answer.headers.get("Date") || new Date().toUTCString(),
      },
    });
  }

  function trim(cache) {
    return cache.keys().then((all) => Promise.all(MOST.map(([form, most]) => {
      const those = all.filter((one) => form.test(new URL(one.url).pathname));
      return Promise.all(those.slice(0, Math.max(0, those.length - most)).map((one) => cache.delete(one)));
    })));
  }

  // Where what this device may show now is kept, the nearest first.
  const shelves = () => [owner(), NOBODY].reduce((names, one) => (one ? names.concat(SAVED + one, READ + one) : names), []);

  function firstIn(names, key, how) {
    return names.reduce((before, name) => before.then((found) => found
      || caches.has(name).then((has) => (has ? caches.open(name).then((cache) => cache.match(key, how)) : null))), Promise.resolve());
  }

  // A kept copy of the page, marked as one; nothing when there is none.
  function copyOf(url, why) {
    return ready.then(() => keysFor(url)
      .reduce((before, key) => before.then((found) => found || firstIn(shelves(), key)), Promise.resolve()))
      .then((found) => found && found.text().then((text) => marked(text, url, why, found)));
  }

  function marked(text, url, why, found) {
    const at = found.headers.get("Date");
    const html = text.replace("<html ", '<html data-kept="' + at + '" data-kept-why="' + why + '" ');
    return new Response(withNewIds(html, url.searchParams.get("draft")), { headers: found.headers });
  }

  // Each opening of a form is a form of its own, as it would be from the server; a draft keeps its own.
  function withNewIds(html, draft) {
    const ids = new Set((html.match(/data-draft="[\da-f-]{36}"/g) || []).map((said) => said.slice(12, -1)));
    const own = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(draft || "") ? draft : "";
    return Array.from(ids).reduce((whole, id, at) => whole.split(id).join((at === 0 && own) || newId()), html);
  }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  function navigate(event, url) {
    if (url.pathname === FRAME_PAGE) return frame().then((page) => page || fetch(event.request));
    const number = ++asked;
    // Also after the back button, which would take the page of whoever was here before.
    const answered = fromServer(new Request(event.request, { cache: "no-cache" }));
    let isOld = false;
    event.waitUntil(answered
      .then((answer) => keep(url, keyOf(url) ? answer.clone() : answer, number))
      .then(() => isOld && tell(event.resultingClientId), () => {}));
    return new Promise((resolve) => {
      const late = setTimeout(() => copyOf(url, "slow").then((page) => {
        if (!page) return;
        isOld = true;
        resolve(page);
      }), WAIT_MS);
      answered.then((answer) => { clearTimeout(late); resolve(answer); }, () => {
        clearTimeout(late);
        copyOf(url, "gone").then((page) => page || (url.pathname.startsWith("/attachments/") ? savedPicture(url) : null)).then((page) => page || frame()).then((page) => resolve(page || Response.error()), () => resolve(Response.error()));
      });
    });
  }

  // The page that stands in, as its owner's here: what waits to be sent is kept by account.
  function frame() {
    return ready.then(() => firstIn([FRAME], FRAME_PAGE)).then((found) => found && found.text().then((text) => new Response(
      owner() ? text.replace("<html ", '<html data-account="' + owner() + '" ') : text,
      { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": found.headers.get("Content-Security-Policy") } }
    )));
  }
  const tell = (id) => self.clients.get(id).then((page) => page && page.postMessage("newer"));

  // --- files ------------------------------------------------------------------------------------

  function asset(request, url) {
    const key = url.pathname + url.search;
    return caches.open(ASSETS).then((cache) => cache.match(key).then((found) => found || fetch(request).then((answer) => {
      if (answer.status === 200 && (SHELL.assets.includes(key) || key.startsWith("/static/fonts/"))) cache.put(key, answer.clone());
      return answer;
    }, (problem) => cache.match(key, { ignoreSearch: true }).then((other) => {
      if (other) return other;
      throw problem;
    }))));
  }

  // Of a picture one size is kept, and stands for all.
  const savedPicture = (url) => ready.then(() => firstIn(savedShelves(), url.pathname, { ignoreSearch: true }));

  function picture(request, url) {
    return fetch(request).catch((problem) => savedPicture(url)
      .then((found) => {
        if (found) return found;
        throw problem;
      }));
  }

  // --- places -----------------------------------------------------------------------------------

  let gazetteer = null;

  function fetchPlaces() {
    return caches.open(PLACES).then((cache) => cache.match(SHELL.places).then((has) => has || fetch(SHELL.places).then((answer) => {
      if (answer.status !== 200) return null;
      return cache.keys().then((old) => Promise.all(old.map((one) => cache.delete(one)))).then(() => cache.put(SHELL.places, answer));
    })));
  }

  const keyOfName = (name) => name.toLowerCase().replace(/[\u200b-\u200d\ufeff]/g, "").replace(/\u0e4d\u0e32/g, "\u0e33")
    .replace(/\u0e40\u0e40/g, "\u0e41").replace(/[\s.,'’`()-]+/g, "").replace(/muang/g, "mueang");

  // [name as it is compared, code] of all names in the order in which they are offered.
  function readPlaces(said) {
    const above = [], named = new Map(), names = [];
    said.places.split("\n").forEach((row) => {
      const level = row.lastIndexOf("\t", row.search(/\d/)) + 1, [own, other] = row.slice(level + 2).split("\t");
      above[level] = row.slice(level, level + 2);
      const code = above.slice(0, level + 1).join("");
      named.set(code, own);
      names.push([keyOfName(own), code]);
      if (other) names.push([keyOfName(other), code]);
    });
    Object.keys(said.also).forEach((name) => said.also[name].forEach((code) => names.push([name, code])));
    names.sort((a, b) => a[1].length - b[1].length || (a[0] < b[0] ? -1 : Number(a[0] > b[0])) || (a[1] < b[1] ? -1 : 1));
    return { said, named, names };
  }

  function places() {
    gazetteer = gazetteer || caches.open(PLACES).then((cache) => cache.match(SHELL.places))
      .then((kept) => kept.json()).then(readPlaces);
    gazetteer.catch(() => { gazetteer = null; });
    return gazetteer;
  }

  function labelOf(code, { said, named }) {
    const before = code.startsWith("10") ? said.bangkok : said.prefixes, parts = [];
    for (let width = code.length; width; width -= 2) parts.push(before[width / 2 - 1] + named.get(code.slice(0, width)));
    return parts.join(said.between);
  }

  // The same as kms.places.suggest: what begins so, then what has it inside, outer places first.
  function offered(words, known) {
    const marker = /^(?:(จ\.|จังหวัด)|(อ\.|อำเภอ|เขต)|(ต\.|ตำบล|แขวง))\s*/.exec(words);
    const width = marker ? 2 * marker.slice(1).findIndex(Boolean) + 2 : 0, typed = words.slice(marker ? marker[0].length : 0);
    const find = (name) => [true, false].reduce((found, begins) => found.concat(known.names.filter(([each, code]) => {
      const at = name ? each.indexOf(name) : -1;
      return (begins ? at === 0 : at > 0) && (!width || code.length === width);
    })), []).map((one) => one[1]);
    const [first, ...others] = typed.split(/\s+/).map(keyOfName);
    const lies = (code) => others.every((other) => known.names.some(([name, up]) => up !== code && code.startsWith(up) && name.startsWith(other)));
    const found = find(keyOfName(typed)).concat(others.length ? find(first).filter(lies) : []);
    return Array.from(new Set(found)).slice(0, 8).map((code) => ({ value: code, label: labelOf(code, known), note: "" }));
  }

  function suggest(request, url) {
    const here = () => places().then((known) => new Response(JSON.stringify(offered((url.searchParams.get("q") || "").trim(), known)), {
      headers: { "Content-Type": "application/json" },
    }));
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => here().then(resolve, () => {}), PLACES_WAIT_MS);
      fromServer(request).then((answer) => { clearTimeout(late); resolve(answer); }, (problem) => here().then(resolve, () => reject(problem)));
    });
  }

  // --- ahead of need ----------------------------------------------------------------------------

  function fetchPage(path) {
    const number = ++asked;
    return fromServer(new Request(path, { credentials: "same-origin", redirect: "manual", cache: "no-cache" }))
      .then((answer) => keep(new URL(path, self.location), answer.clone(), number).then(() => answer));
  }

  // One after the other, in no hurry, and on from where a lost connection broke it off. The page
  // that asks may have come before there was a worker, and is kept too.
  function fetchAhead(path, account) {
    const of = [account, SHELL.look].concat(SHELL.assets).join(" "), wanted = account ? ["/"].concat(SHELL.forms, "/drafts", "/mine") : [];
    if (known.ahead.of !== of || Math.abs(Date.now() - known.ahead.since) > FRESH_MS) known.ahead = { of, since: Date.now(), done: [] };
    const ahead = known.ahead, due = wanted.filter((one) => !ahead.done.includes(one));
    return firstIn(shelves(), path)
      .then((has) => (!has && keyOf(new URL(path, self.location)) && !due.includes(path) ? fetchPage(path) : null))
      .then(() => due.reduce((before, one) => before.then(() => fetchPage(one)).then(() => ahead.done.push(one)), Promise.resolve()))
      .then(() => account && fetchPlaces())
      .catch(() => {})
      .then(() => due.length && remember());
  }

  // --- notes kept by hand -----------------------------------------------------------------------

  const savedShelves = () => shelves().filter((name) => name.startsWith(SAVED));
  const isSaved = (path) => firstIn(savedShelves(), path).then(Boolean);

  function save(path) {
    const number = ++asked;
    return fromServer(new Request(path, { credentials: "same-origin", redirect: "manual", cache: "no-cache" }))
      .then((answer) => {
        const account = whose(answer, number);
        if (!account || !/^\/notes\/\d+$/.test(path)) return false;
        return answer.text().then((text) => inTurn(() => (isHere(account) ? shelve(SAVED + account, path, text, answer) : false)));
      })
      .catch(() => false);
  }

  // The page with its pictures; those that it has already are not fetched again.
  function shelve(name, key, text, answer) {
    return caches.open(name).then((cache) => Promise.all(picturesIn(text).map((file) => cache.match(file).then((has) => has
      || fetch(file, { credentials: "same-origin" }).then((got) => got.status === 200 && !got.redirected && cache.put(file, got), () => {}))))
      .then(() => cache.put(key, kept(text, answer)))).then(() => true);
  }

  function picturesIn(text) {
    const found = (text.match(/src="\/attachments\/[^"]+"/g) || []).map((said) => said.slice(5, -1).replace(/&amp;/g, "&"));
    return Array.from(new Set(found));
  }

  // The note stays among those read; its pictures go when no other kept note shows them.
  function unsave(path) {
    const shelf = (name) => caches.open(name).then((cache) => cache.match(path).then((page) => {
      if (!page) return;
      return caches.open(name.replace(SAVED, READ)).then((read) => read.put(path, page))
        .then(() => cache.delete(path)).then(() => tidy(cache));
    }));
    return inTurn(() => Promise.all(savedShelves().map((name) => caches.has(name).then((has) => has && shelf(name))))).then(() => false);
  }

  function tidy(cache) {
    return cache.keys().then((all) => {
      const [pages, files] = [true, false].map((page) => all.filter((one) => new URL(one.url).pathname.startsWith("/notes/") === page));
      return Promise.all(pages.map((one) => cache.match(one).then((page) => page.text()))).then((texts) => {
        const shown = texts.join("").replace(/&amp;/g, "&");
        return Promise.all(files.filter((one) => !shown.includes(one.url.replace(self.location.origin, ""))).map((one) => cache.delete(one)));
      });
    });
  }

  // What this device may show now: [{path, title, at, saved}], the newest first, each once.
  function listed() {
    const shelf = (name) => caches.has(name).then((has) => (has ? caches.open(name) : null)).then((cache) => (cache
      ? cache.keys().then((all) => Promise.all(all.map((one) => cache.match(one).then((page) => ({
        path: one.url.replace(self.location.origin, ""),
        title: decodeURIComponent(page.headers.get("Platu-Title") || ""),
        at: page.headers.get("Date"),
        saved: name.startsWith(SAVED),
      })))))
      : []));
    return Promise.all(shelves().map(shelf)).then((all) => {
      const once = new Map();
      all.reduce((joined, some) => joined.concat(some.reverse()), []).filter((one) => keyOf(new URL(one.path, self.location)))
        .forEach((one) => { if (!once.has(one.path)) once.set(one.path, one); });
      return Array.from(once.values());
    });
  }

  // --- the worker's own life --------------------------------------------------------------------

  self.addEventListener("install", (event) => {
    event.waitUntil(caches.open(ASSETS).then((cache) => Promise.all(SHELL.assets.map((one) => cache.match(one).then((has) => has || cache.add(one)))))
      .then(() => fetch(new Request(FRAME_PAGE, { cache: "no-cache", credentials: "same-origin" })))
      .then((answer) => {
        if (answer.status !== 200) throw new Error("no frame: " + answer.status);
        return caches.open(FRAME).then((cache) => cache.put(FRAME_PAGE, answer));
      })
      .then(() => self.skipWaiting()));
  });

  // Old assets stay as long as a kept page needs them.
  function throwOutOldAssets() {
    return Promise.all([ready, caches.keys()]).then(([, names]) => Promise.all(names.filter((name) => name.startsWith(READ) || name.startsWith(SAVED))
      .map((name) => caches.open(name).then((cache) => cache.keys().then((all) => Promise.all(all
        .filter((one) => !one.url.includes("/attachments/"))
        .map((one) => cache.match(one).then((page) => page.text()).then((text) => text.match(/\/static\/[^"'#\s<>]+/g) || []))))))))
      .then((found) => {
        const needed = new Set(SHELL.assets);
        found.forEach((pages) => pages.forEach((some) => some.forEach((one) => needed.add(one.replace(/&amp;/g, "&")))));
        return caches.open(ASSETS).then((cache) => cache.keys().then((all) => Promise.all(all
          .filter((one) => !needed.has(one.url.replace(self.location.origin, "")) && !one.url.includes("/static/fonts/"))
          .map((one) => cache.delete(one)))));
      });
  }

  self.addEventListener("activate", (event) => {
    event.waitUntil(throwOutOldAssets().catch(() => {}).then(() => self.clients.claim()));
  });

  self.addEventListener("fetch", (event) => {
    const request = event.request, url = new URL(request.url), path = url.pathname;
    if (url.origin !== self.location.origin) return;
    if (request.method !== "GET") {
      const number = ++asked;
      if (path === "/signout" || path === "/account/forget") event.waitUntil(ready.then(() => leaving(number)));
      else if (path === "/signin" || path === "/register") event.waitUntil(ready.then(() => arriving(number)));
    } else if (request.mode === "navigate") event.respondWith(navigate(event, url));
    else if (path.startsWith("/static/") && (url.search || path.startsWith("/static/fonts/"))) event.respondWith(asset(request, url));
    else if (path.startsWith("/attachments/") && request.destination === "image") event.respondWith(picture(request, url));
    else if (path === "/suggest" && url.searchParams.get("what") === "place") event.respondWith(suggest(request, url));
  });

  const ANSWERS = {
    claim: () => self.clients.claim(),
    leaving: () => leaving(++asked),
    ahead: (said) => fetchAhead(said.path, said.account),
    saved: (said) => isSaved(said.path),
    save: (said) => save(said.path),
    unsave: (said) => unsave(said.path),
    list: listed,
  };
  self.addEventListener("message", (event) => {
    const answer = ANSWERS[event.data && event.data.ask];
    if (answer) event.waitUntil(ready.then(() => answer(event.data)).then((said) => event.ports[0] && event.ports[0].postMessage(said)));
  });
})();
