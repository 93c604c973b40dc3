// Parts that the forms of the set-up page share.

import { h } from "./dom.js";

export const text = (value, options = {}) => h("input", { type: "text", maxlength: "200", value: value || "", ...options });
export const group = (at, title, ...parts) => h("fieldset", { class: "group", dataset: { at } }, h("legend", {}, title), parts);

/** Boxes of which any number can be checked; `things` are pairs of a value and its name. */
export function checks(at, title, things, chosen) {
  const boxes = things.map(([id, name]) => [h("input", { type: "checkbox", value: id, checked: chosen.includes(id) }), name]);
  return {
    fields: group(at, title, h("div", { class: "grid" }, boxes.map(([box, name]) => h("label", { class: "check" }, box, h("span", {}, name))))),
    read: () => boxes.filter(([box]) => box.checked).map(([box]) => box.value),
  };
}
