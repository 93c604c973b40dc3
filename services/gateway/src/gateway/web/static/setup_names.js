// Forms of a practitioner's name that texts need: proposed by the server, looked at by a person, stored forms stay.

import { question } from "./api.js";
import { h } from "./dom.js";
import { t } from "./texts.js";

/** A button that fills the empty fields among `dative` and `specialityDative`; `told` gives what the form says now. */
export function proposing(told, dative, specialityDative) {
  const outcome = h("p", { role: "status" });
  const propose = async () => {
    outcome.textContent = "";
    try {
      const found = await question("/directory/name-forms", told());
      const filled = [dative.complete(found.dative), specialityDative.complete(found.speciality_dative)];
      outcome.textContent = t(filled.some(Boolean) ? "forms_proposed" : "no_forms_proposed");
    } catch (problem) {
      outcome.textContent = problem.text;
    }
  };
  return [h("button", { type: "button", class: "secondary small", onclick: propose }, t("propose_forms")), outcome];
}
