// What has to hold of what is typed into a form before it is sent.

import { fieldError, h } from "./dom.js";
import { majorText, minorUnits, wholeNumber } from "./numbers.js";
import { forget, refuse } from "./refusals.js";
import { t } from "./texts.js";

const rules = new WeakMap();

/** An input with its rule: `wrong(text)` says what is not right, or nothing. */
export function ruled(input, wrong) {
  rules.set(input, wrong);
  input.dataset.ruled = "";
  return input;
}

export const needed = (input, missing = t("fill_this_in")) => ruled(input, (text) => (text ? "" : missing));

/** A whole number between two others; `read()` gives null where it is none. */
export function countInput(value, least, most) {
  const input = h("input", { type: "text", inputmode: "numeric", maxlength: "6", autocomplete: "off", dir: "ltr", value: String(value) });
  const read = () => {
    const number = wholeNumber(input.value);
    return number !== null && number >= least && number <= most ? number : null;
  };
  ruled(input, () => (read() === null ? t("count_wrong", { least, most }) : ""));
  return { input, read };
}

/** An amount that may stay empty, in minor units; `read()` gives null where there is none. */
export function limitInput(value, currency) {
  const input = h("input", { type: "text", inputmode: "decimal", maxlength: "16", autocomplete: "off", dir: "ltr", value: value === null ? "" : majorText(value, currency) });
  const read = () => minorUnits(input.value.trim(), currency);
  ruled(input, (text) => (text && read() === null ? t("amount_wrong") : ""));
  return { input, read };
}

/** Whether everything is as it has to be; the first that is not gets the keyboard. */
export function complete(fields) {
  forget(fields);
  const wrong = [];
  for (const input of fields.querySelectorAll("[data-ruled]")) {
    const complaint = rules.get(input)(input.value.trim());
    if (complaint) wrong.push(input);
    fieldError(input, complaint);
  }
  const empty = [...fields.querySelectorAll("[data-any]")].filter((group) => !group.querySelector("input:checked"));
  for (const group of empty) refuse(group, t("check_one"));
  (wrong[0] || empty[0]?.querySelector("input"))?.focus();
  return !wrong.length && !empty.length;
}
