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

  // A passage selected in the note or in a comment becomes the beginning of a lesson. On a phone a
  // long press selects. What is too long for an address goes by way of this device.
  const begins = document.querySelector("[data-lesson]"), LONGEST = 300;
  function drawing() {
    const button = document.createElement("a");
    button.className = "button quote-this lesson-this";
    button.textContent = begins.dataset.lesson;
    button.hidden = true;
    document.body.appendChild(button);
    let words = "";
    function source(range) {
      const start = range.startContainer, from = (start.nodeType === 1 ? start : start.parentNode).closest(".comment-body, .note-body, .note-main");
      // Three presses choose a paragraph up to the first place of the next one, wherever that is.
      return from && (from.contains(range.endContainer) || range.endOffset === 0) ? from : null;
    }
    document.addEventListener("selectionchange", () => {
      const chosen = document.getSelection();
      words = chosen.isCollapsed ? "" : chosen.toString().trim();
      const range = words ? chosen.getRangeAt(0) : null, from = range && source(range);
      button.hidden = !from;
      if (!from) return;
      const comment = from.closest(".comment"), short = words.slice(0, LONGEST);
      button.href = begins.href + (comment ? "&comment=" + comment.id.replace("comment-", "") : "") + "&passage=" + encodeURIComponent(short);
      const place = range.getBoundingClientRect(), quote = document.querySelector("button.quote-this:not([hidden])");
      button.style.top = (window.scrollY + place.bottom + 8 + (quote ? quote.offsetHeight + 6 : 0)) + "px";
      button.style.left = Math.max(8, Math.min(window.scrollX + place.left, root.clientWidth - button.offsetWidth - 8)) + "px";
    });
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      try {
        sessionStorage.setItem("platu-passage", words);
      } catch (_refused) { /* The beginning is in the address. */ }
    });
  }
  if (begins) drawing();

  const contents = document.querySelector(".contents details");
  if (contents && window.matchMedia("(min-width: 60rem)").matches) contents.open = true;
})();
