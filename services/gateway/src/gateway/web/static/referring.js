// Sending a patient on to somebody else of the network, after a visit.

import { once } from "./api.js";
import { dialogue, field, fill, h, option } from "./dom.js";
import { choice, form } from "./forms.js";
import { t, worded } from "./texts.js";

export const URGENCIES = ["routine", "soon", "urgent"];
const REASONS = ["consultation", "second-opinion", "examination", "treatment", "follow-up", "other"];
const post = once();

/** Ask for what, by whom and where; the practitioner of the visit refers. */
export async function refer(around, { appointment, patient }) {
  const wanted = await dialogue(t("refer_title"), t("close"), (close) => {
    const place = wishFields(around);
    const urgency = choice(t("urgency"), URGENCIES.map((one) => [one, t(`urgency_${one}`)]));
    const reason = choice(t("reason"), REASONS.map((one) => [one, t(`referral_${one}`)]));
    const value = () => ({ wish: place.read(), urgency: urgency.read(), reason: reason.read() });
    return form(close, value, [h("p", {}, h("strong", {}, patient.full_name || t("patient_unknown"))), place.fields, h("div", { class: "grid" }, urgency.field, reason.field)], t("act_refer"));
  });
  if (!wanted) return;
  const visit = appointment.status === "fulfilled" ? { visit_id: appointment.id } : {};
  try {
    await post("/referrals", { patient_id: appointment.patient_id, from_practitioner_id: appointment.practitioner_id, ...visit, ...wanted });
    await around.changed(t("done_refer"), "ok", appointment.id);
  } catch (problem) {
    await around.changed(problem.text, "error", appointment.id);
  }
}

/** A service, and the branch and practitioner if they matter: only who performs it there. */
function wishFields({ directory, branch }) {
  const services = directory.services.filter((one) => one.active);
  const service = h("select", { onchange: () => possible() }, services.map((one) => option(one.service_id, worded(one.name, branch.locale))));
  const where = h("select", { onchange: () => possible() }, option("", t("any_branch")), directory.branches.map((one) => option(one.branch_id, one.name)));
  const who = h("select", {});
  const possible = () => {
    const there = where.value ? [directory.branch(where.value)] : directory.branches;
    const those = new Set(there.flatMap((one) => directory.practitionersFor(one, directory.service(service.value))));
    fill(who, option("", t("any_practitioner")), [...those].map((one) => option(one.practitioner_id, one.name)));
  };
  possible();
  return {
    fields: h("div", { class: "form" }, field(t("service"), service), h("div", { class: "grid" }, field(t("branch"), where), field(t("practitioner"), who))),
    read: () => ({ service_id: service.value, branch_id: where.value || undefined, practitioner_id: who.value || undefined }),
  };
}
