"use strict";
// The pages are whole without this file: it says when the numbers may be old, moves along rows with the arrows
// and keeps the row in use in its place on the screen.
const stale = document.getElementById("stale");
for (const name of ["htmx:sse:error", "htmx:sse:close"]) {
  document.addEventListener(name, (event) => { if (event.target.id === "live") stale.hidden = false; });
}
document.addEventListener("htmx:sse:after:connection", (event) => { if (event.target.id === "live") stale.hidden = true; });
// Leaving the page closes its stream too: that is no loss.
window.addEventListener("pagehide", () => stale.remove());

// The row that is being read stays where it is on the screen, wherever the refresh has moved it in the table.
let kept = null;
const place = () => document.activeElement.getBoundingClientRect().top;
document.addEventListener("htmx:before:swap", () => {
  kept = document.activeElement.matches("a.row") ? place() : null;
});
document.addEventListener("htmx:after:swap", () => {
  if (kept !== null && document.activeElement.matches("a.row")) window.scrollBy(0, place() - kept);
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("a.row")) return;
  const rows = [...event.target.closest("tbody").querySelectorAll("a.row")];
  const next = rows[rows.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
