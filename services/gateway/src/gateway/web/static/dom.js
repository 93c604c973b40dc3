// Building and finding elements; nothing here knows what a page is about.

export const $ = (selector, within = document) => within.querySelector(selector);

/** An element with properties and children; `on…` properties are listeners, texts are never read as HTML. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
}

export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** Say it to everybody: shown in the page's message line, which is a live region. */
export function announce(text, kind = "info") {
  const line = $("#announcement");
  line.className = text ? `announcement is-${kind}` : "announcement";
  line.textContent = text;
}

const CONTROLS = "a, button, input, select, textarea, summary";

/** Move the keyboard (and a screen reader), and nothing that is seen. */
export function holdKeyboard(element) {
  if (!element.matches(CONTROLS)) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/** Move the keyboard (and a screen reader) to where the page goes on. */
export function focusOn(element) {
  if (!element) return;
  holdKeyboard(element);
  element.scrollIntoView({ block: "nearest" });
}

/** The same after an act, whose control may be gone; whoever has gone on to another one meanwhile stays there. */
export function goOnAt(element) {
  if (!document.activeElement.matches(CONTROLS)) focusOn(element);
}

let fieldCount = 0;

/** A labelled control with room for a hint and an error, tied together for screen readers. */
export function field(label, control, { hint, optional } = {}) {
  fieldCount += 1;
  control.id ||= `field-${fieldCount}`;
  const error = h("p", { class: "field-error", id: `${control.id}-error`, hidden: true });
  const parts = [error.id];
  const hintLine = hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint);
  if (hintLine) parts.push(hintLine.id);
  control.setAttribute("aria-describedby", parts.join(" "));
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label, optional && h("span", { class: "optional" }, ` ${optional}`)),
    control,
    hintLine,
    error,
  );
}

export function fieldError(control, text) {
  const error = document.getElementById(`${control.id}-error`);
  error.textContent = text || "";
  error.hidden = !text;
  if (text) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

export function option(value, text, selected) {
  return h("option", { value, selected: Boolean(selected) }, text);
}

/** A modal dialogue; resolves with what `body(close)` closes it with, null when it is dismissed. */
export function dialogue(title, closeLabel, body) {
  return new Promise((resolve) => {
    let answer = null;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    const heading = h("h2", { id: `dialogue-${(fieldCount += 1)}` }, title);
    const dialog = h(
      "dialog",
      { class: "dialogue", "aria-labelledby": heading.id },
      h(
        "header",
        { class: "dialogue-head" },
        heading,
        h("button", { type: "button", class: "quiet icon", "aria-label": closeLabel, onclick: () => close(null) }, "×"),
      ),
      body(close),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Menus made of `<details class="more">`: one open at a time; Escape and a click elsewhere close it. */
export function closeMenusOutside() {
  const open = () => document.querySelectorAll("details.more[open]");
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}
