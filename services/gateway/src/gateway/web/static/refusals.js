// What the API refuses, shown where it stands in a form: `data-at` is the name that the API has for a field or a group.

import { field, fieldError, h } from "./dom.js";
import { t } from "./texts.js";

/** A labelled control that refusals find. */
export function fieldAt(at, label, control, more) {
  control.dataset.at = at;
  return field(label, control, more);
}

/** The notice of a refusal, beside what is shown at its fields; `inside` is where the API has what the form is about. */
export function refusal(fields, problem, inside = ["body"]) {
  const elsewhere = refusedAt(fields, problem, inside);
  const said = problem.code === "malformed" && !elsewhere.length ? t("fields_refused") : problem.text;
  return h("p", { class: "notice is-error", role: "alert" }, said, elsewhere.map((why) => [" ", h("bdi", {}, why)]));
}

/** Show it where it belongs, and move the keyboard there; returns what has no place in the form. */
function refusedAt(fields, { body }, inside) {
  forget(fields);
  const told = (body.fields || []).map((one) => ({ path: one.at.slice(inside.length), why: one.problem.replace(/^Value error, /, "") }));
  if (body.where) told.push({ path: body.where.split("/"), why: body.why });
  const elsewhere = [];
  const places = [];
  for (const { path, why } of told) {
    const place = placeOf(fields, path);
    if (place === fields) elsewhere.push(why);
    else places.push(refuse(place, t("refused_here", { why: `\u2068${why}\u2069` })));
  }
  const first = places.sort((one, other) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1))[0];
  (first?.matches("input, select") ? first : first?.querySelector("input, select"))?.focus();
  return elsewhere;
}

/**
 * As deep as the form has fields for a path such as `caps`, `0`, `limit`, or the names of a chain and its step
 * (`data-name`); what it has none for is passed over.
 */
function placeOf(fields, path) {
  let place = fields;
  for (const part of path) {
    const inside = [...place.querySelectorAll("[data-at]")];
    const around = place.closest("[data-at]");
    const next = inside.find((one) => one.dataset.at === part && one.parentElement.closest("[data-at]") === around) || inside.find((one) => one.dataset.name === part);
    place = next || place;
  }
  return place;
}

export function refuse(place, text) {
  if (document.getElementById(`${place.id}-error`)) fieldError(place, text);
  else {
    place.classList.add("is-wrong");
    place.append(h("p", { class: "field-error of-group", role: "alert" }, text));
  }
  return place;
}

export function forget(fields) {
  for (const input of fields.querySelectorAll("[aria-invalid]")) fieldError(input, "");
  for (const group of fields.querySelectorAll(".is-wrong")) group.classList.remove("is-wrong");
  for (const line of fields.querySelectorAll(".of-group")) line.remove();
}
