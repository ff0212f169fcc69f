// The windows of each app as bars, and the windows before them as columns.

import { at, count, keep, make } from "./page.js";

const NEAR = 0.85;
const SHOWN = 25; // windows, the one of this moment included

function row(app) {
  const bar = make("div", { className: "bar", role: "meter", "aria-valuemin": "0" }, make("i"));
  bar.setAttribute("aria-label", `Calls of ${app.name} in this window`);
  return make(
    "div",
    { className: "app" },
    make("div", { className: "name", textContent: app.name }),
    bar,
    make("div", { className: "told" }),
    make("div", { className: "history", "aria-hidden": "true" }),
  );
}

function fill(element, app, state) {
  const [, bar, told, history] = element.children;
  const share = app.limit ? Math.min(1, app.used / app.limit) : 1;
  bar.firstElementChild.style.width = `${share * 100}%`;
  bar.classList.toggle("near", share >= NEAR && share < 1);
  bar.classList.toggle("full", share >= 1);
  bar.setAttribute("aria-valuemax", app.limit);
  bar.setAttribute("aria-valuenow", Math.min(app.used, app.limit));
  const begun = Math.floor(state.now / state.window_s) * state.window_s;
  const left = Math.max(0, begun + state.window_s - state.now);
  const now = app.windows.find((window) => Math.abs(window.at - begun) < 1e-3);
  const refused = now ? now.rejected : 0;
  const all = app.windows.reduce((sum, window) => sum + window.rejected, 0);
  const said = `${count(app.used)} of ${count(app.limit)}${share >= 1 ? ", full" : ""}`;
  told.textContent = `${said} · next window in ${left.toFixed(1)} s` +
    (all ? ` · ${count(refused)} × 429 now, ${count(all)} in the last windows` : "");
  bar.setAttribute("aria-valuetext", said);
  const windows = Array.from({ length: SHOWN }, (_, place) => {
    const start = begun - (SHOWN - 1 - place) * state.window_s;
    const known = app.windows.find((window) => Math.abs(window.at - start) < 1e-3);
    return known ?? { at: start, limit: app.limit, served: 0, rejected: 0 };
  });
  keep(history, windows, (window) => window.at.toFixed(3), () => make("span"), (column, window) => {
    column.style.height = `${Math.min(1, window.limit ? window.served / window.limit : 0) * 100}%`;
    column.classList.toggle("idle", window.served === 0);
    column.classList.toggle("refused", window.rejected > 0);
    column.title = `${count(window.served)} of ${count(window.limit)}, ${count(window.rejected)} × 429`;
  });
  history.hidden = app.windows.length === 0;
}

export function drawWindows(state) {
  const all = state.apps.length > 1 || state.neighbour > 0 ? [...state.apps, state.workspace] : state.apps;
  keep(at("apps"), all, (app) => app.name, row, (element, app) => fill(element, app, state));
}
