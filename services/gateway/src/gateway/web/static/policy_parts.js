// Parts that the forms of policies share. `at` is the name that the API has for what is asked for.

import { fill, focusOn, h } from "./dom.js";

/** Any number of the same fields, one group each; `fields(thing, place)` gives `{element, read}`, and `name` where it has one. */
export function listOf({ at, title, each, hint, add, remove, things, fields, changed }) {
  const host = h("div", { class: "stack" });
  const heading = h("h3", {}, title);
  let held = things.map((thing, place) => fields(thing, place));

  function draw() {
    fill(
      host,
      held.map((one, place) =>
        h(
          "fieldset",
          { class: "group", dataset: { at: String(place), name: one.name || "" } },
          h("legend", {}, `${each} ${place + 1}`),
          one.element,
          h("button", { type: "button", class: "quiet danger small", "aria-label": `${remove} ${place + 1}`, onclick: () => drop(one) }, remove),
        ),
      ),
    );
  }

  function drop(one) {
    held = held.filter((other) => other !== one);
    draw();
    changed();
    focusOn(heading);
  }

  function more() {
    held = [...held, fields(null, held.length)];
    draw();
    changed();
    focusOn(host.lastElementChild.querySelector("input, select"));
  }

  draw();
  return {
    element: h("div", { class: "stack", dataset: { at } }, heading, hint && h("p", { class: "hint" }, hint), host, h("div", { class: "actions" }, h("button", { type: "button", class: "secondary small", onclick: more }, add))),
    read: () => held.map((one) => one.read()),
  };
}

/** Boxes of which any number can be checked; `needed`: at least one has to be. */
export function boxes(at, title, options, chosen, { needed = false } = {}) {
  const inputs = options.map(([value, text]) => [h("input", { type: "checkbox", value: String(value), checked: chosen.includes(value) }), text, value]);
  return {
    element: h("fieldset", { class: "boxes", dataset: { at, ...(needed ? { any: "" } : {}) } }, h("legend", {}, title), h("div", { class: "actions" }, inputs.map(([box, text]) => h("label", { class: "check is-inline" }, box, h("span", {}, text))))),
    read: () => inputs.filter(([box]) => box.checked).map(([, , value]) => value),
  };
}

/** One box with what it means. */
export function box(text, checked) {
  const input = h("input", { type: "checkbox", checked });
  return { element: h("label", { class: "check" }, input, h("span", {}, text)), read: () => input.checked };
}

/** A name for a new line that no other has: letters, digits and hyphens. */
export const newName = (prefix) => `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
