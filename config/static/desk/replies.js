// Puts a canned reply where the cursor stands in the answer, and keeps what was typed. Without this script the page
// is asked for again with the reply in it.
"use strict";

document.querySelectorAll("form[data-replies-to]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    const box = document.getElementById(form.dataset.repliesTo);
    const chosen = form.querySelector("select").selectedOptions[0];
    if (!box || !chosen) return;
    event.preventDefault();
    box.focus();
    box.setRangeText(chosen.dataset.text, box.selectionStart, box.selectionEnd, "end");
  });
});
