// The next control of a patient: with whom they were last, and when that one has time.

import { get, once } from "./api.js";
import { fill, focusOn, h, option } from "./dom.js";
import { slotButtons, when } from "./desk_times.js";
import { t, worded } from "./texts.js";

/** `visits` are the patient's appointments as far as they are known: the last service is proposed first. */
export function nextControl(around, card, visits) {
  const { directory, branch } = around();
  const last = visits?.past.find((one) => one.status === "fulfilled")?.service_id;
  const service = h("select", { "aria-label": t("service") }, directory.servicesAt(branch).map((one) => option(one.service_id, worded(one.name, branch.locale), one.service_id === last)));
  const host = h("div", { class: "found", "aria-live": "polite" });
  const sent = once();

  async function show() {
    host.setAttribute("aria-busy", "true");
    try {
      const next = await get(`/patients/${card.patient_id}/next-slots`, { service_id: service.value });
      const who = directory.practitioner(next.practitioner_id)?.name;
      fill(
        host,
        h("p", { class: "hint" }, who ? t("next_with", { who }) : t("next_nobody")),
        next.slots.length ? slotButtons(around(), next.slots, take) : h("p", {}, t("nothing_free_at_all_desk")),
      );
      focusOn(host.querySelector("button"));
    } catch (problem) {
      fill(host, h("p", { class: "notice is-error", role: "alert" }, problem.text));
    } finally {
      host.removeAttribute("aria-busy");
    }
  }

  async function take({ branch_id, practitioner_id, starts_at }) {
    try {
      const { appointment } = await sent("/appointments", { branch_id, practitioner_id, starts_at, patient_id: card.patient_id, service_id: service.value, source: "desk" });
      fill(host);
      await around().changed(t("done_book", { when: when(around(), appointment) }), "ok", appointment.id);
    } catch (problem) {
      await show();
      host.prepend(h("p", { class: "notice is-error", role: "alert" }, problem.text));
    }
  }

  return h("details", { class: "rest next" }, h("summary", {}, t("next_control")), h("div", { class: "form" }, service, h("button", { type: "button", class: "secondary small", onclick: show }, t("next_show")), host));
}
