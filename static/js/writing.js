// The sum of the budget while it is typed; the server computes it again in any case.
(function () {
  "use strict";
  const sum = document.querySelector("[data-baht-sum]");
  if (!sum) return;
  sum.parentNode.querySelector("button").hidden = true;
  const scales = { "ล้าน": 1e6, "แสน": 1e5, "หมื่น": 1e4, "พัน": 1e3 };
  const unit = sum.textContent.replace(/[\d,.\s]/g, "");
  function satang(text) {
    const arabic = text.replace(/[๐-๙]/g, (digit) => String("๐๑๒๓๔๕๖๗๘๙".indexOf(digit)));
    const found = /^\s*([\d,]+(?:\.\d+)?)\s*(ล้าน|แสน|หมื่น|พัน)?\s*(?:บาท|฿|baht)?\s*$/i.exec(arabic);
    return found ? Math.round(Number(found[1].replace(/,/g, "")) * (scales[found[2]] || 1) * 100) : 0;
  }
  function add() {
    const fields = Array.from(document.querySelectorAll("[data-baht]"));
    const total = fields.reduce((all, field) => all + satang(field.value), 0);
    const whole = Math.floor(total / 100).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    const rest = total % 100 ? "." + String(total % 100).padStart(2, "0") : "";
    sum.textContent = whole + rest + " " + unit;
  }
  document.addEventListener("input", (event) => { if (event.target.closest(".rows")) add(); });
})();
