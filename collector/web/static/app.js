"use strict";
// The pages are whole without this file: it says when the numbers may be old, and moves along rows with the arrows.
const stale = document.getElementById("stale");
for (const name of ["htmx:sse:error", "htmx:sse:close"]) {
  document.addEventListener(name, () => { stale.hidden = false; });
}
document.addEventListener("htmx:sse:after:connection", () => { stale.hidden = true; });
// Leaving the page closes its stream too: that is no loss.
window.addEventListener("pagehide", () => stale.remove());

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("a.row")) return;
  const rows = [...event.target.closest("tbody").querySelectorAll("a.row")];
  const next = rows[rows.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
