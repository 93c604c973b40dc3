// Publishing a draft: what may be waived needs somebody who answers for it by name, and why.

import { field, fieldError, fill, h } from "./dom.js";
import { spoken, t } from "./texts.js";

/** `publish(waivers)` is called when everything that can be answered for has been. */
export function publisher(publish) {
  const asked = h("div", { class: "form" });
  const button = h("button", { type: "submit", class: "primary", disabled: true }, t("publish"));
  let waived = [];

  function waivers() {
    const said = waived.map(({ code, approver, reason }) => ({ code, approver: approver.value.trim(), reason: reason.value.trim(), inputs: [approver, reason] }));
    const missing = said.flatMap((one) => one.inputs).filter((input) => !input.value.trim());
    for (const one of said) for (const input of one.inputs) fieldError(input, missing.includes(input) ? t("waiver_missing") : "");
    missing[0]?.focus();
    return missing.length ? null : said.map(({ code, approver, reason }) => ({ code, approver, reason }));
  }

  const submit = (event) => {
    event.preventDefault();
    const said = waivers();
    if (said) publish(said);
  };

  return {
    element: h("form", { class: "form", novalidate: true, onsubmit: submit }, asked, h("div", { class: "actions" }, button)),
    ready: (is) => (button.disabled = !is),
    about: (findings) => {
      const before = new Map(waived.map((one) => [one.code, one]));
      const codes = [...new Set(findings.filter((one) => one.waivable).map((one) => one.code))];
      waived = codes.map((code) => before.get(code) || waiver(code));
      fill(asked, waived.map((one) => one.element));
    },
  };
}

function waiver(code) {
  const approver = h("input", { type: "text", maxlength: "200", autocomplete: "off" });
  const reason = h("input", { type: "text", maxlength: "200", autocomplete: "off" });
  const element = h("fieldset", { class: "group", dataset: { waiver: code } }, h("legend", {}, t("waiver", { finding: spoken("finding", code) })), h("div", { class: "grid" }, field(t("approver"), approver), field(t("why_right"), reason)));
  return { code, approver, reason, element };
}
