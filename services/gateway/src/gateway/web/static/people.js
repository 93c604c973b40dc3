// Who it is about: names for ids, finding a patient, and the fields of one who is new.

import { once, question } from "./api.js";
import { field, fieldError, fill, h } from "./dom.js";
import { answerInto, claim } from "./looking.js";
import * as moments from "./moments.js";
import { looksLikePhone } from "./numbers.js";
import { t } from "./texts.js";

const MOST = 200;

/** Names and phones by id; those whom one may not see, or who are not known now, are left out. */
export async function namesOf(ids) {
  const wanted = [...new Set(ids.filter(Boolean))].slice(0, MOST);
  if (!wanted.length) return new Map();
  const { patients } = await question("/patients/names", { patient_ids: wanted }).catch(() => ({ patients: [] }));
  return new Map(patients.map((one) => [one.patient_id, one]));
}

export const nameOf = (names, id) => names.get(id)?.full_name || t("patient_unknown");

/** A name, with a link to the card where one may read it, and the phone to dial. */
export function personLine(names, id, linked) {
  const phone = names.get(id)?.phone;
  return [
    linked && id ? h("a", { href: `/patients/${id}` }, nameOf(names, id)) : h("span", {}, nameOf(names, id)),
    phone && [" ", h("a", { href: `tel:${phone}`, dir: "ltr", class: "phone" }, phone)],
  ];
}

/** By phone in any shape, or by name. */
export async function candidatesFor(text) {
  return (await question("/patients/search", looksLikePhone(text) ? { phone: text } : { name: text })).candidates;
}

/** Fields of somebody who is known (`patient_id`), or who is to be registered by what was typed so far. */
export function patientFields(known) {
  if (known?.patient_id) {
    return {
      fields: h("p", {}, h("strong", {}, known.full_name), " ", h("span", { dir: "ltr" }, known.phones[0]?.phone || "")),
      read: () => ({ patient_id: known.patient_id }),
    };
  }
  const name = h("input", { type: "text", autocomplete: "off", maxlength: "120", value: known?.full_name || "" });
  const phone = h("input", { type: "tel", autocomplete: "off", maxlength: "32", dir: "ltr", value: known?.phone || "" });
  return {
    fields: h("div", { class: "grid" }, field(t("patient_name"), name), field(t("patient_phone"), phone)),
    read: () => {
      fieldError(name, name.value.trim() ? "" : t("name_missing"));
      fieldError(phone, phone.value.trim().length >= 3 ? "" : t("problem.malformed-phone"));
      const wrong = [name, phone].find((one) => one.getAttribute("aria-invalid"));
      wrong?.focus();
      return wrong ? null : { patient: { full_name: name.value.trim(), phone: phone.value.trim() } };
    },
  };
}

/** The id of whoever the fields name: of the one who is known, else of the one who is registered now. */
export async function idOf(person) {
  if (person.patient_id) return person.patient_id;
  return (await registered("/patients", person.patient)).card.patient_id;
}

const registered = once();

/**
 * A patient to be found or, where nobody is, to be registered. `read()` gives what `patientFields` gives; null where
 * somebody still has to be chosen, undefined where that may be left out.
 */
export function personField({ optional = false } = {}) {
  const input = h("input", { type: "search", autocomplete: "off", maxlength: "120" });
  const below = h("div", { class: "found", "aria-live": "polite" });
  let chosen = null;

  function find() {
    const text = input.value.trim();
    if (!text) return;
    chosen = null;
    answerInto(
      below,
      () => candidatesFor(text),
      (candidates) => (candidates.length ? choices(candidates) : unknown(text)),
    );
  }

  function choices(candidates) {
    fill(below, h("ul", { class: "choices" }, candidates.map(({ card }) => h("li", {}, choiceOf(card)))));
  }

  function choiceOf(card) {
    return h(
      "button",
      { type: "button", class: "choice", onclick: () => choose(card) },
      h("span", { class: "choice-name" }, card.full_name),
      h("span", { class: "choice-facts" }, h("span", { dir: "ltr" }, card.phones[0]?.phone || ""), card.birth_date && h("span", {}, moments.shortDate(card.birth_date))),
    );
  }

  function choose(card) {
    claim(below);
    chosen = patientFields(card);
    fieldError(input, "");
    fill(below, chosen.fields);
    input.focus();
  }

  function unknown(text) {
    chosen = patientFields(looksLikePhone(text) ? { phone: text } : { full_name: text });
    fill(below, h("p", { class: "hint" }, t("found_nobody_new")), chosen.fields);
  }

  const onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    find();
  };
  input.addEventListener("keydown", onkeydown);
  const search = h("div", { class: "find" }, input, h("button", { type: "button", class: "secondary", onclick: find }, t("find")));
  const labelled = field(t("patient"), input, { hint: t("find_label"), optional: optional && t("optional") });
  input.replaceWith(search);
  search.prepend(input);
  const read = () => {
    if (chosen) return chosen.read();
    if (optional) return undefined;
    fieldError(input, t("patient_missing"));
    input.focus();
    return null;
  };
  return { field: h("div", { class: "person" }, labelled, below), read };
}
