// While someone types @ and the beginning of a name in a comment, offers whom it may call.
(function () {
  "use strict";
  var form = document.querySelector("#comment-form form");
  var box = form && form.querySelector("textarea[name=body]");
  if (!box || !window.fetch) return;
  var list = document.createElement("p");
  list.className = "button-row called";
  list.setAttribute("role", "status");
  list.hidden = true;
  box.parentNode.insertBefore(list, box.nextSibling);
  var timer = 0;
  var asked = 0;

  function typed() {
    var before = box.value.slice(0, box.selectionEnd);
    var found = /(?:^|[^A-Za-z0-9._%+-])@([^@\n]{1,40})$/.exec(before);
    return found ? found[1] : "";
  }

  function offer(people) {
    list.textContent = "";
    people.slice(0, 4).forEach(function (person) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = "@" + person.label;
      button.addEventListener("click", function () { take(person.label); });
      list.appendChild(button);
    });
    list.hidden = !people.length;
  }

  function take(name) {
    var end = box.selectionEnd;
    var words = typed();
    if (!words) return offer([]);
    var start = end - words.length;
    box.value = box.value.slice(0, start) + name + " " + box.value.slice(end);
    box.selectionStart = box.selectionEnd = start + name.length + 1;
    offer([]);
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  box.addEventListener("input", function () {
    clearTimeout(timer);
    var turn = ++asked;
    var words = typed();
    if (!words) return offer([]);
    timer = setTimeout(function () {
      fetch("/suggest?what=called&q=" + encodeURIComponent(words), { credentials: "same-origin" })
        .then(function (answer) { return answer.ok ? answer.json() : []; })
        .then(function (people) { if (turn === asked) offer(people); })
        .catch(function () { offer([]); });
    }, 250);
  });
})();
