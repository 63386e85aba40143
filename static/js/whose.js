// Whose page this is: what the back button or another tab still shows of someone who left goes out
// of sight, and signing out works without a connection. On every page; ES2017.
(function () {
  "use strict";
  const root = document.documentElement, own = root.dataset.account || "", isCopy = root.dataset.kept || root.dataset.frame;
  let store = {};
  try { store = window.localStorage; } catch (refused) { /* Then nothing is known of other tabs. */ }

  function leave() {
    root.hidden = true;
    location.reload();
  }
  function compare(isOld) {
    if (isOld && own && store.account !== own) leave();
    else if (!isOld && !isCopy) store.account = own;
  }
  const entry = performance.getEntriesByType("navigation")[0];
  compare(!!entry && entry.type === "back_forward");
  window.addEventListener("pageshow", (event) => { if (event.persisted) compare(true); });
  window.addEventListener("storage", (event) => {
    const isTyped = Array.from(document.querySelectorAll("textarea, input[type=text]")).some((field) => field.value !== field.defaultValue);
    if (event.key === "account" && own && event.newValue !== own && !isTyped) leave();
  });

  // Without a connection the device forgets at once, and the server hears of it at the next page.
  const door = document.querySelector("form[action='/signout']");
  if (!isCopy && store.leaving) {
    if (store.leaving === own && door) door.submit();
    store.leaving = "";
  }
  // A worker that controls the page sees by itself that a sign-out is sent; another is told.
  window.addEventListener("submit", (event) => {
    const isWatched = navigator.serviceWorker && navigator.serviceWorker.controller;
    if (event.target.getAttribute("action") !== "/signout" || (isWatched && navigator.onLine)) return;
    const told = window.platuOffline.ask("leaving");
    if (!isWatched || navigator.onLine) return;
    event.preventDefault();
    event.stopPropagation();
    store.leaving = own;
    store.account = "";
    told.then(() => location.assign("/offline"));
  }, true);
})();
