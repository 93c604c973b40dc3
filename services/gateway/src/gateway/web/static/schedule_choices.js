// What becomes of each patient whom an absence meets: one choice for each, or one for all of them.

import { field, h, option } from "./dom.js";
import * as moments from "./moments.js";
import { t, worded } from "./texts.js";

const ENOUGH = 3;

const shortly = (instant, zone) => `${moments.dayAndMonth(moments.dayOf(instant, zone))} ${moments.time(instant, zone)}`;

/** `read()` gives the choices as an absence takes them. Whoever has enough other times is proposed a message. */
export function choices(affected, nameOf, around) {
  if (!affected.length) return { fields: null, read: () => [] };
  const rows = affected.map((one) => row(one, nameOf(one), around));
  const all = h("select", { onchange: () => rows.forEach((one) => one.take(all.value)) }, option("", t("choice_each")), ["message", "call", "reassign"].map((one) => option(one, t(`choice_${one}`))));
  return {
    fields: h("div", { class: "form" }, affected.length > 1 && field(t("choice_all"), all), h("ul", { class: "tasks" }, rows.map((one) => one.item))),
    read: () => rows.map((one) => one.read()),
  };
}

function row({ appointment, alternatives, colleagues }, name, { directory, branch }) {
  const select = h("select", { "aria-label": `${t("choice_for")}: ${name}` }, [
    option("message", t("choice_message"), alternatives.length >= ENOUGH),
    option("call", t("choice_call"), alternatives.length < ENOUGH),
    colleagues.map((one) => option(`reassign ${one}`, t("choice_reassign_to", { who: directory.practitioner(one)?.name }))),
  ].flat());
  const item = h(
    "li",
    { class: "card affected", dataset: { appointment: appointment.appointment_id } },
    h(
      "div",
      {},
      h("h4", { class: "affected-who" }, `${moments.dateAndTime(appointment.starts_at, branch.zone)} · ${name}`),
      h("p", { class: "hint" }, [worded(directory.service(appointment.service_id)?.name, branch.locale), directory.practitioner(appointment.practitioner_id)?.name].join(" · ")),
      h("p", { class: "hint" }, alternatives.length ? t("could_be", { times: alternatives.slice(0, ENOUGH).map((one) => shortly(one.starts_at, branch.zone)).join("; ") }) : t("no_alternatives")),
    ),
    select,
  );
  // Where nobody could take it over, "to a colleague" leaves it as it is.
  const take = (wanted) => {
    const value = wanted === "reassign" ? colleagues[0] && `reassign ${colleagues[0]}` : wanted;
    if (value) select.value = value;
  };
  const read = () => {
    const [choice, practitioner_id] = select.value.split(" ");
    return { appointment_id: appointment.appointment_id, choice, ...(practitioner_id ? { practitioner_id } : {}) };
  };
  return { item, take, read };
}
