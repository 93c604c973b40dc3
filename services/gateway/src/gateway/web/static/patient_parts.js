// Parts of a patient's view that more than one page shows.

import { h } from "./dom.js";
import { billLine } from "./money_parts.js";
import * as moments from "./moments.js";
import { t, worded } from "./texts.js";

/** "Unknown" while the owner of the cards is silent: nobody may read that as "none". */
export function alertsOf(profile) {
  if (profile.status !== "ok") return h("p", {}, h("span", { class: "chip is-open" }, t("allergy_unknown")));
  return profile.data.alerts.map((one) => h("p", {}, h("span", { class: "chip is-alert" }, `⚠ ${t(`alert_${one.kind}`)}: ${one.text}`)));
}

/** `money(appointment)` says what else is shown of its money, where the page has more to say of it than a line. */
export function visits(title, those, { directory }, money = billLine) {
  return h(
    "section",
    { class: "visits" },
    h("h4", {}, title),
    those.length
      ? h("ul", {}, those.map((one) => visit(one, directory, money)))
      : h("p", { class: "hint" }, t("none")),
  );
}

function visit(appointment, directory, money) {
  const branch = directory.branch(appointment.branch_id);
  const service = directory.service(appointment.service_id);
  const practitioner = directory.practitioner(appointment.practitioner_id);
  return h(
    "li",
    { class: "visit", dataset: { appointment: appointment.id } },
    h("span", { class: "visit-when" }, moments.dateAndTime(appointment.starts_at, branch?.zone || "UTC")),
    h("span", { class: `chip is-${appointment.status}` }, t(`status_${appointment.status}`)),
    h("span", { class: "visit-what" }, [service && worded(service.name, branch?.locale), practitioner?.name].filter(Boolean).join(" · ")),
    money(appointment),
  );
}
