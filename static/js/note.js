// A note's page: the print button, what paper says of itself, and the contents open where there is room.
(function () {
  "use strict";
  // Photos further down are not here yet; paper waits for them, but not for ever.
  function photos() {
    return Promise.all(Array.from(document.querySelectorAll("article img[loading=lazy]"), (photo) => {
      photo.loading = "eager";
      if (photo.complete) return null;
      return new Promise((done) => {
        photo.addEventListener("load", done);
        photo.addEventListener("error", done);
        setTimeout(done, 5000);
      });
    }));
  }
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.parentNode.hidden = false;
    button.addEventListener("click", () => photos().then(() => window.print()));
  });

  // The day is this device's: a page kept for reading offline may be older than its paper.
  const day = document.querySelector("[data-printed]"), root = document.documentElement;
  window.addEventListener("beforeprint", () => {
    photos();
    if (!day) return;
    const place = root.lang === "en" ? "en-GB-u-ca-buddhist" : "th-TH-u-ca-buddhist-nu-latn";
    const today = new Date().toLocaleDateString(place, { day: "numeric", month: "long", year: "numeric" });
    day.textContent = day.dataset.printed.replace("{day}", today);
    root.style.setProperty("--printed", JSON.stringify(day.dataset.address + "  ·  " + day.textContent));
  });

  const contents = document.querySelector(".contents details");
  if (contents && window.matchMedia("(min-width: 60rem)").matches) contents.open = true;
})();
