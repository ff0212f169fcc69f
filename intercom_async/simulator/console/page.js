// Small tools of the console: elements, calls of the control API, texts.

export const at = (id) => document.getElementById(id);

// Makes an element. Text is set as text, so nothing that a client sends becomes markup.
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "scope") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

// Keeps the children of a list in step with items, by key: what has the focus keeps it.
export function keep(parent, items, key, create, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let before = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = old.get(name);
    old.delete(name);
    if (!child) {
      child = create(item);
      child.dataset.key = name;
    }
    if (child === before) before = before.nextElementSibling;
    else parent.insertBefore(child, before);
    if (update) update(child, item);
  }
  for (const child of old.values()) child.remove();
}

export function say(text, isError = false) {
  at("said").textContent = text;
  at("said").classList.toggle("error", isError);
}

export async function call(method, name, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(`/_simulator/${name}`, options);
  const given = await answer.json();
  if (!answer.ok) throw new Error(given.error ?? `answered ${answer.status}`);
  return given;
}

// Does something and says how it went.
export async function attempt(work, done) {
  try {
    const given = await work();
    if (done) say(typeof done === "function" ? done(given) : done);
    return given;
  } catch (error) {
    say(error.message, true);
    return undefined;
  }
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard without a secure context: a page by another address than localhost.
    const area = make("textarea", { value: text });
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(`Copied ${what}.`);
}

export const count = (number) => number.toLocaleString("en");
export const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 23);
export const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");

export function duration(seconds) {
  if (seconds === 0) return "0";
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

export function statusClass(line) {
  if (line.is_dropped || line.status >= 500) return "bad";
  if (line.status === 429) return "limited";
  return line.status >= 400 ? "bad" : "good";
}

export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function block(title, text, note = "") {
  const button = make("button", { type: "button", textContent: "Copy" });
  button.setAttribute("aria-label", `Copy: ${title}`);
  button.addEventListener("click", () => copy(text, title.toLowerCase()));
  const head = make("div", { className: "block-head" }, make("h3", { textContent: title }), button);
  const pre = make("pre", { textContent: text, tabIndex: 0 });
  return note ? [head, make("p", { className: "hint", textContent: note }), pre] : [head, pre];
}

export function show(title, ...content) {
  at("detail-title").textContent = title;
  at("detail-body").replaceChildren(...content);
  if (!at("detail").open) at("detail").showModal();
  at("detail").scrollTop = 0;
}
