"use strict";
// Tables: a click on a heading sorts, once more turns round; missing values stay at the end.
const valueOf = (row, column) => {
  const cell = row.cells[column];
  if (cell.dataset.v !== undefined) return Number(cell.dataset.v) || cell.dataset.v === "0" ? Number(cell.dataset.v) : cell.dataset.v;
  return cell.classList.contains("missing") ? null : cell.textContent;
};
const compare = (a, b) =>
  typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });

for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.addEventListener("click", () => {
      const number = head.classList.contains("number");
      const before = head.getAttribute("aria-sort");
      const order = before ? (before === "descending" ? 1 : -1) : number ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order < 0 ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => [valueOf(row, column), row]);
      rows.sort(([a], [b]) =>
        a === null || b === null ? (a === null) - (b === null) : order * compare(a, b));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

// Filters: a row stays if it holds every word.
for (const input of document.querySelectorAll(".tools input")) {
  const figure = input.closest("figure");
  const rows = [...figure.querySelectorAll("tbody tr")];
  const says = figure.querySelector("output");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every((word) => texts[i].includes(word));
      left += !row.hidden;
    });
    says.textContent = words.length ? `${left} of ${rows.length}` : "";
  });
}

// Figures: what a part says, under the pointer, on touch and on focus.
const tip = document.getElementById("tip");
const show = (part, x, y) => {
  tip.textContent = part.dataset.tip;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 4))}px`;
  tip.style.top = `${y + 18 + height > innerHeight ? y - height - 10 : y + 18}px`;
};
const hide = () => { tip.hidden = true; };
document.addEventListener("pointermove", (event) => {
  const part = event.target.closest?.(".tip");
  if (part) show(part, event.clientX, event.clientY);
  else hide();
});
document.addEventListener("pointerdown", (event) => {
  const part = event.target.closest?.(".tip");
  if (part) show(part, event.clientX, event.clientY);
});
document.addEventListener("focusin", (event) => {
  const part = event.target.closest?.(".tip");
  if (!part) return hide();
  const box = part.getBoundingClientRect();
  show(part, box.right, box.top);
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

// Theme: the system's, until the button says otherwise.
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
// On a phone the contents would fill the first screen.
if (matchMedia("(max-width: 60rem)").matches) document.querySelector("nav details").open = false;
