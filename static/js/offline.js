// Registers the worker; says when a page is a kept copy or the connection is gone. ES2017.
(function () {
  "use strict";
  const root = document.documentElement, since = root.dataset.kept, workers = navigator.serviceWorker;
  const line = document.getElementById("signal"), words = line.dataset;

  // Asks the worker; the promise gives its answer, or nothing where there can be no worker.
  function ask(what, rest) {
    return workers ? workers.ready.then((registration) => new Promise((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = (event) => resolve(event.data);
      registration.active.postMessage(Object.assign({ ask: what }, rest), [channel.port2]);
    })) : Promise.resolve();
  }

  // The line is unhidden first: a live region speaks of what changes in it.
  function say(sentence, link) {
    line.hidden = !sentence && !link;
    setTimeout(() => {
      line.textContent = sentence;
      if (!link) return;
      const anchor = document.createElement("a");
      anchor.href = location.href;
      anchor.textContent = link;
      line.appendChild(anchor);
    }, 50);
  }

  // By the server's clock, in Thailand as everywhere on these pages; the day where it is not today.
  function moment(at) {
    const form = { timeZone: "Asia/Bangkok", day: "numeric", month: "short" }, day = (date) => date.toLocaleString(root.lang, form);
    const then = new Date(at), clock = { timeZone: form.timeZone, hour: "2-digit", minute: "2-digit", hour12: false };
    return (day(then) === day(new Date()) ? "" : day(then) + " ") + then.toLocaleString(root.lang, clock);
  }
  window.platuOffline = { ask, say, moment };

  const isFrame = root.dataset.frame && location.pathname !== "/offline";

  let waiting = 0;
  function gone() {
    const kept = since ? words.kept.replace("{time}", moment(since)) + " " : "";
    say(kept + (root.dataset.keptWhy === "slow" ? words.slow : words.gone));
    waiting = waiting || setInterval(look, 15000);
  }
  function back() {
    if (!waiting) return;
    clearInterval(waiting);
    waiting = 0;
    say("", since && words.newer);
    document.dispatchEvent(new Event("platu:back"));
  }
  function look() {
    if (waiting && !document.hidden) fetch("/robots.txt", { method: "HEAD", cache: "no-store" }).then((answer) => answer.ok && back(), () => {});
  }
  window.addEventListener("offline", gone);
  // A phone says so before its line carries anything.
  window.addEventListener("online", () => [0, 1500, 5000].forEach((wait) => setTimeout(look, wait)));
  if (since || isFrame || navigator.onLine === false) gone();

  if (!workers) return;
  workers.addEventListener("message", (event) => { if (event.data === "newer") back(); });

  // After the page itself; and nothing ahead of need on a slow or costly line.
  window.addEventListener("load", () => {
    // A page that was on its way while the worker began is taken over when it asks.
    workers.register("/sw.js", { updateViaCache: "none" }).then(() => workers.controller || ask("claim")).catch(() => {});
    const signal = navigator.connection || {}, idle = window.requestIdleCallback || setTimeout;
    if (since || isFrame || signal.saveData || /2g/.test(signal.effectiveType)) return;
    setTimeout(() => idle(() => ask("ahead", { path: location.pathname + location.search, account: root.dataset.account })), 2000);
  });
})();
