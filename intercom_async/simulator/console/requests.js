// The newest requests as they come, and one of them in full.

import { at, attempt, block, call, clock, copy, duration, make, pretty, say, show, statusClass } from "./page.js";

const KEPT = 300; // rows of the table
let paused = false;
let held = [];

function matches(row) {
  const words = at("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => row.dataset.text.includes(word)) && !(at("failed").checked && row.dataset.good);
}

function rowOf(line) {
  const open = make("button", { type: "button", className: "link" });
  open.append(make("span", { className: "method", textContent: line.method }), line.template);
  open.addEventListener("click", () => showRequest(line.number));
  const told = line.is_dropped ? "dropped" : String(line.status);
  const status = make("span", { className: `status ${statusClass(line)}`, textContent: told });
  const state = make("td", {}, status);
  if (line.is_fault) state.append(make("span", { className: "hint", textContent: " fault" }));
  const row = make(
    "tr",
    {},
    make("td", { className: "wide number", textContent: line.number }),
    make("td", { className: "wide time", textContent: clock(line.at) }),
    make("td", {}, open),
    make("td", { className: "wide", textContent: line.app ?? "no valid token" }),
    state,
    make("td", { className: "number", textContent: duration(line.wait_s) }),
  );
  row.dataset.text = `${line.method} ${line.template} ${line.path} ${told} ${line.app ?? ""}`.toLowerCase();
  if (line.status < 400 && !line.is_dropped) row.dataset.good = "yes";
  row.hidden = !matches(row);
  return row;
}

export function addRequests(lines) {
  if (paused) {
    held = [...held, ...lines].slice(-KEPT);
    at("pause").textContent = `Go on (${held.length} new)`;
    return;
  }
  const body = at("lines");
  body.prepend(...lines.slice(-KEPT).reverse().map(rowOf));
  while (body.childElementCount > KEPT) body.lastElementChild.remove();
  at("no-lines").hidden = body.childElementCount > 0;
}

export function clearRequests() {
  held = [];
  at("lines").replaceChildren();
  at("no-lines").hidden = false;
}

async function showRequest(number) {
  const detail = await attempt(() => call("GET", `request?number=${number}`));
  if (!detail) return;
  const { line } = detail;
  const query = new URLSearchParams(detail.query).toString();
  const curl = make("button", { type: "button", textContent: "Copy as curl", id: "copy-curl" });
  curl.addEventListener("click", () => copy(detail.curl, "the curl command"));
  const python = make("button", { type: "button", textContent: "Copy as Python", id: "copy-python" });
  python.addEventListener("click", () => copy(detail.python, "the Python program"));
  const fact = `${line.is_dropped ? "connection closed" : line.status}, ${line.app ?? "no valid token"}, ` +
    `version ${detail.version ?? "–"}, delayed by ${duration(line.wait_s)}${line.is_fault ? ", changed by a fault" : ""}`;
  const cut = (kept, all) => (all > new Blob([kept]).size ? `The beginning of ${all.toLocaleString("en")} bytes.` : "");
  show(
    `${line.method} ${line.path}${query ? `?${query}` : ""}`,
    make("p", { className: "hint", textContent: fact }),
    make("div", { className: "tools" }, curl, python),
    ...(detail.body ? block("Request body", pretty(detail.body), cut(detail.body, detail.body_bytes)) : []),
    ...block("Answer", pretty(detail.answer), cut(detail.answer, detail.answer_bytes)),
    ...block("Answer headers", headers(detail.answer_headers)),
    ...block("Request headers", headers(detail.headers)),
    ...block("As curl", detail.curl),
    ...block("As Python", detail.python),
  );
}

const headers = (all) => Object.entries(all).map(([name, value]) => `${name}: ${value}`).join("\n");

export function wireRequests() {
  const filter = () => { for (const row of at("lines").children) row.hidden = !matches(row); };
  at("filter").addEventListener("input", filter);
  at("failed").addEventListener("change", filter);
  at("clear").addEventListener("click", () => { clearRequests(); say("The list is empty."); });
  at("pause").addEventListener("click", () => {
    paused = !paused;
    at("pause").setAttribute("aria-pressed", String(paused));
    at("pause").textContent = "Pause";
    if (!paused) { addRequests(held); held = []; }
    say(paused ? "The list stands still." : "The list goes on.");
  });
}
