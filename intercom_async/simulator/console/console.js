// The console of a local Intercom: server-sent events come in, the control API changes things.

import { at, count, moment } from "./page.js";
import { drawWindows } from "./windows.js";
import { addRequests, wireRequests } from "./requests.js";
import { drawFaults, wireFaults } from "./faults.js";
import { drawSettings, drawWebhooks, wireRecords, wireSettings, wireWebhooks } from "./workspace.js";

function drawHead(state) {
  at("url").textContent = state.url;
  at("clock").textContent = moment(state.now) + (state.is_frozen ? " (stopped)" : "");
  at("total").textContent = count(state.requests);
  const statuses = Object.entries(state.statuses);
  at("statuses").textContent = statuses.map(([status, number]) => `${count(number)} × ${status}`).join(", ") || "none yet";
}

function connect() {
  const events = new EventSource("/_simulator/events");
  const tell = (state, text) => {
    at("connection").dataset.state = state;
    at("connection").textContent = text;
  };
  events.addEventListener("open", () => tell("live", "live"));
  events.addEventListener("error", () => tell("lost", "not reachable"));
  events.addEventListener("requests", (event) => addRequests(JSON.parse(event.data)));
  events.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    for (const draw of [drawHead, drawWindows, drawFaults, drawSettings, drawWebhooks]) draw(state);
  });
}

for (const wire of [wireRequests, wireFaults, wireSettings, wireRecords, wireWebhooks]) wire();
connect();
