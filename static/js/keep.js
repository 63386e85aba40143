// The button that keeps a note on this device, shown where a worker is at work. ES2017.
(function () {
  "use strict";
  const button = document.getElementById("keep-note"), workers = navigator.serviceWorker, path = location.pathname;
  if (!button || !workers) return;
  const { ask, say } = window.platuOffline;
  function show(isSaved) {
    button.parentNode.hidden = false;
    button.setAttribute("aria-pressed", String(!!isSaved));
    button.querySelector("span").textContent = isSaved ? button.dataset.on : button.dataset.off;
  }
  function offer() {
    if (!workers.controller || !button.parentNode.hidden) return;
    ask("saved", { path }).then(show);
  }
  button.addEventListener("click", () => {
    const wasSaved = button.getAttribute("aria-pressed") === "true";
    // What was asked for by hand is not to be cleared when the device wants room.
    if (!wasSaved && navigator.storage && navigator.storage.persist) navigator.storage.persist();
    ask(wasSaved ? "unsave" : "save", { path }).then((isSaved) => {
      show(isSaved);
      if (isSaved === wasSaved) say(button.dataset.failed);
    });
  });
  offer();
  workers.addEventListener("controllerchange", offer);
})();
