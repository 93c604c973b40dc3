// What has to hold of what is typed into the form of a policy, before it is sent and after it was refused.

import { fieldError, h } from "./dom.js";
import { majorText, minorUnits, wholeNumber } from "./numbers.js";
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

/** Show a refusal where it belongs; returns what has no place of its own in the form. */
export function refusedAt(fields, { body }) {
  forget(fields);
  const told = (body.fields || []).map((one) => ({ path: one.at.slice(2), why: one.problem.replace(/^Value error, /, "") }));
  if (body.where) told.push({ path: body.where.split("/"), why: body.why });
  const elsewhere = [];
  const places = [];
  for (const { path, why } of told) {
    const place = placeOf(fields, path);
    if (place === fields) elsewhere.push(why);
    else places.push(refuse(place, t("refused_here", { why: `\u2068${why}\u2069` })));
  }
  const first = places[0];
  (first?.matches("input, select") ? first : first?.querySelector("input, select"))?.focus();
  return elsewhere;
}

/** As deep as the form has fields for a path such as `caps`, `0`, `limit`, or the names of a chain and its step. */
function placeOf(fields, path) {
  let place = fields;
  for (const part of path) {
    const inside = [...place.querySelectorAll("[data-at]")];
    const around = place.closest("[data-at]");
    const next = inside.find((one) => one.dataset.at === part && one.parentElement.closest("[data-at]") === around) || inside.find((one) => one.dataset.name === part);
    if (!next) break;
    place = next;
  }
  return place;
}

function refuse(place, text) {
  if (document.getElementById(`${place.id}-error`)) fieldError(place, text);
  else {
    place.classList.add("is-wrong");
    place.append(h("p", { class: "field-error of-group", role: "alert" }, text));
  }
  return place;
}

function forget(fields) {
  for (const input of fields.querySelectorAll("[aria-invalid]")) fieldError(input, "");
  for (const group of fields.querySelectorAll(".is-wrong")) group.classList.remove("is-wrong");
  for (const line of fields.querySelectorAll(".of-group")) line.remove();
}
