// Clock and limits, records, and webhooks.

import { at, attempt, block, call, count, keep, make, moment, show } from "./page.js";
import { clearRequests } from "./requests.js";

const KINDS = [
  "contacts", "companies", "conversations", "tickets", "articles", "admins", "teams", "tags", "segments",
  "ticket_types", "data_attributes", "subscription_types",
];
const SINGLE = new Set(["contacts", "companies", "conversations", "tickets", "articles", "admins", "teams", "tags", "segments", "ticket_types"]);
let nextPage = null;
let isFrozen = false;

// Clock and limits ------------------------------------------------------------------------------

export function drawSettings(state) {
  isFrozen = state.is_frozen;
  at("freeze").setAttribute("aria-pressed", String(isFrozen));
  at("freeze").textContent = isFrozen ? "Resume the clock" : "Stop the clock";
  const form = at("limits-form");
  const values = {
    app_per_minute: state.app_per_minute,
    workspace_per_minute: state.workspace_per_minute,
    neighbour: Math.round(state.neighbour * 100),
    latency: Math.round(state.latency_s * 1000),
  };
  // What somebody types stays until it is sent or the form is left.
  if (form.contains(document.activeElement)) return;
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
}

function setLimits(form) {
  const given = (name) => Number(form.elements[name].value);
  return call("POST", "limits", {
    app_per_minute: given("app_per_minute"),
    workspace_per_minute: given("workspace_per_minute"),
    neighbour: given("neighbour") / 100,
    latency_s: given("latency") / 1000,
  });
}

export function wireSettings() {
  at("limits-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => setLimits(event.target), "The limits are set.");
  });
  at("freeze").addEventListener("click", () => attempt(
    () => call("POST", "clock", isFrozen ? { thaw: true } : { freeze: true }),
    isFrozen ? "The clock goes on." : "The clock stands still.",
  ));
  for (const button of document.querySelectorAll("[data-move]")) {
    button.addEventListener("click", () => attempt(
      () => call("POST", "clock", { move_s: Number(button.dataset.move) }),
      `The clock was moved by ${button.textContent}.`,
    ));
  }
  at("new-app").addEventListener("click", async () => {
    const app = await attempt(() => call("POST", "apps", {}), (made) => `${made.name} is installed.`);
    if (app) show(`The token of ${app.name}`, ...block("Token", app.token));
  });
  at("reset").addEventListener("click", () => at("ask").showModal());
  at("ask").addEventListener("close", async () => {
    if (at("ask").returnValue !== "yes") return;
    const done = await attempt(() => call("POST", "reset"), "The simulator is as at its start.");
    if (done) { clearRequests(); loadRecords(); }
  });
}

// Records ---------------------------------------------------------------------------------------

async function loadRecords(after = "") {
  const kind = at("kinds").value;
  const page = await attempt(() => call("GET", `records?kind=${kind}&after=${encodeURIComponent(after)}`));
  if (!page) return;
  nextPage = page.next;
  at("next").disabled = nextPage === null;
  at("record-count").textContent = page.total === null ? `${page.records.length} shown` : `${count(page.total)} in all`;
  at("record-lines").replaceChildren(...page.records.map((record) => recordRow(kind, record)));
}

function recordRow(kind, { id, title, updated_at: updatedAt, record }) {
  const open = make("button", { type: "button", className: "link", textContent: title || id });
  open.addEventListener("click", () => (SINGLE.has(kind) ? openRecord(kind, id) : showRecord(kind, id, record)));
  const updated = typeof updatedAt === "number" ? moment(updatedAt) : "";
  return make(
    "tr",
    {},
    make("td", {}, open),
    make("td", { className: "id", textContent: id }),
    make("td", { className: "wide time", textContent: updated }),
  );
}

async function openRecord(kind, id) {
  const query = `record?kind=${kind}&id=${encodeURIComponent(id)}`;
  const record = await attempt(() => call("GET", query));
  if (record) showRecord(kind, id, record);
}

const showRecord = (kind, id, record) => show(`${kind} ${id}`, ...block("Record", JSON.stringify(record, null, 2)));

export function wireRecords() {
  at("kinds").append(...KINDS.map((kind) => make("option", { value: kind, textContent: kind.replace("_", " ") })));
  at("kinds").addEventListener("change", () => loadRecords());
  at("first").addEventListener("click", () => loadRecords());
  at("next").addEventListener("click", () => loadRecords(nextPage ?? ""));
  at("records-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = event.target.elements.id.value.trim();
    return id ? openRecord(at("kinds").value, id) : loadRecords();
  });
  loadRecords();
}

// Webhooks --------------------------------------------------------------------------------------

export function drawWebhooks(state) {
  keep(at("subscriptions"), state.subscriptions, (one) => one.id, subscriptionRow);
  keep(at("deliveries"), state.deliveries, (one) => one.id, deliveryRow, (row, one) => {
    row.children[1].textContent = one.state;
    row.children[2].textContent = one.statuses.map((status) => status ?? "none").join(", ") || "–";
  });
  at("no-deliveries").hidden = state.deliveries.length > 0;
}

function subscriptionRow({ id, url }) {
  const remove = make("button", { type: "button", textContent: "Unsubscribe" });
  remove.setAttribute("aria-label", `Unsubscribe ${url}`);
  remove.addEventListener("click", () => attempt(() => call("DELETE", "webhooks", { id }), `Unsubscribed ${url}.`));
  return make("li", {}, make("span", { className: "mono", textContent: url }), remove);
}

function deliveryRow(one) {
  const resend = make("button", { type: "button", textContent: "Resend" });
  resend.setAttribute("aria-label", `Resend ${one.topic}`);
  resend.addEventListener("click", () => attempt(
    () => call("POST", "webhooks/resend", { id: one.id }), `${one.topic} is sent once more.`,
  ));
  return make("tr", {}, make("td", { textContent: one.topic }), make("td"), make("td"), make("td", {}, resend));
}

export function wireWebhooks() {
  at("subscribe-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const url = event.target.elements.url.value;
    attempt(() => call("POST", "webhooks", { url }), `${url} is told what changes.`);
  });
  at("ping").addEventListener("click", () => attempt(
    () => call("POST", "webhooks/ping"), (given) => `Pinged ${given.pinged} addresses.`,
  ));
}
