// A cap of a clinic's own: no more messages once so many, or so many refusals, lie in so many days.

import { h, option } from "./dom.js";
import { countInput } from "./field_rules.js";
import { boundFields } from "./policy_bound.js";
import { fieldAt } from "./refusals.js";
import { t } from "./texts.js";

/** A new cap is on invitations: one on reminders keeps patients from what they wait for. */
export function capFields(cap) {
  const bound = boundFields(cap, { prefix: "cap", classes: ["marketing"] });
  const counts = h("select", {}, ["touches", "refusals"].map((one) => option(one, t(`counts_${one}`), one === cap?.counts)));
  const limit = countInput(cap?.limit ?? 4, 1, 1000);
  const days = countInput(cap?.days ?? 30, 1, 366);
  return {
    name: bound.id,
    element: h(
      "div",
      { class: "form" },
      h("div", { class: "grid" }, fieldAt("counts", t("cap_counts"), counts), fieldAt("limit", t("cap_limit"), limit.input), fieldAt("days", t("cap_days"), days.input)),
      bound.elements,
    ),
    read: () => ({ ...bound.read(), counts: counts.value, limit: limit.read(), days: days.read() }),
  };
}
