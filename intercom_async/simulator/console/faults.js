// Faults as switches, a form for others, and those in force.

import { at, attempt, call, count, keep, make } from "./page.js";

const PRESETS = [
  ["503 for all", { status: 503 }],
  ["503 for 10 %", { status: 503, rate: 0.1 }],
  ["429 for 10 %", { status: 429, rate: 0.1 }],
  ["502 page of a CDN", { status: 502, edge: "cdn" }],
  ["20 % lost before the work", { drop: "before", rate: 0.2 }],
  ["20 % lost after the work", { drop: "after", rate: 0.2 }],
  ["2 s delay", { delay_s: 2 }],
  ["Bad JSON for 10 %", { garble: true, rate: 0.1 }],
  ["Truncated for 10 %", { truncate: true, rate: 0.1 }],
  ["No limit headers", { no_headers: true }],
  ["Half of every list", { short_list: true }],
  ["Body takes 3 s", { slow_body_s: 3 }],
];

// Two faults are the same if what differs from the defaults is; the server sends all fields.
const DEFAULTS = {
  rate: 1, after: 0, every: 1, delay_s: 0, garble: false, truncate: false, empty: false, no_headers: false,
  not_utf8: false, deep: false, short_list: false, empty_list: false, slow_body_s: 0,
};
const told = (fault) => Object.fromEntries(
  Object.entries(fault).filter(([name, value]) => value !== null && value !== DEFAULTS[name]).sort(),
);
const keyOf = (fault) => JSON.stringify(told(fault));

function describe(fault) {
  return Object.entries(told(fault)).map(([name, value]) => (value === true ? name : `${name} ${value}`)).join(", ") || "500";
}

const add = (fault, name) => attempt(() => call("POST", "faults", fault), `Fault on: ${name}.`);
const remove = (fault, name) => attempt(() => call("DELETE", "faults", fault), `Fault off: ${name}.`);

export function drawFaults(state) {
  const seen = new Map();
  const rows = state.faults.map(({ fault, struck }) => {
    const key = keyOf(fault);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return { fault, struck, key: `${key} ${seen.get(key)}` };
  });
  keep(
    at("in-force"),
    rows,
    (row) => row.key,
    (row) => {
      const off = make("button", { type: "button", textContent: "Switch off" });
      off.setAttribute("aria-label", `Switch off ${describe(row.fault)}`);
      off.addEventListener("click", () => remove(told(row.fault), describe(row.fault)));
      return make("li", {}, make("span", { textContent: describe(row.fault) }), make("span", { className: "hint" }), off);
    },
    (item, row) => { item.children[1].textContent = `applied ${count(row.struck)}×`; },
  );
  at("no-faults").hidden = rows.length > 0;
  for (const button of at("presets").children) {
    button.setAttribute("aria-checked", String(seen.has(button.dataset.fault)));
  }
}

export function wireFaults() {
  for (const [name, fault] of PRESETS) {
    const button = make("button", { type: "button", role: "switch", "aria-checked": "false", textContent: name });
    button.dataset.fault = keyOf(fault);
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-checked") === "true";
      return isOn ? remove(fault, name) : add(fault, name);
    });
    at("presets").append(button);
  }
  at("fault-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const [field, text] = given.get("what").split(":");
    const fault = { [field]: text === "true" ? true : Number.isNaN(Number(text)) ? text : Number(text) };
    if (given.get("path")) fault.path = given.get("path");
    if (given.get("rate") && given.get("rate") !== "100") fault.rate = Number(given.get("rate")) / 100;
    if (given.get("times")) fault.times = Number(given.get("times"));
    return add(fault, describe(fault));
  });
}
