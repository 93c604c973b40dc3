// Referrals: who was sent on to whom, booking the visit that was asked for, and saying that nothing will come of it.

import { get, once } from "./api.js";
import { dialogue, field, fill, h, option } from "./dom.js";
import { book } from "./desk_booking.js";
import { choice, form } from "./forms.js";
import * as moments from "./moments.js";
import { nameOf, namesOf, personLine } from "./people.js";
import { act, lister, wish } from "./schedule_parts.js";
import { may } from "./staff.js";
import { t } from "./texts.js";

const STATES = ["open", "booked", "done", "declined", "expired"];
const DECLINES = ["patient-declined", "not-needed", "done-elsewhere", "wrong-speciality", "other"];

export const referrals = { needs: "referrals.read", hears: /^referral/, show };

const post = once();

function show(host, around) {
  const { directory, session } = around;
  const list = h("div", { id: "referrals", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading")));
  const status = h("select", { onchange: () => load() }, STATES.map((one) => option(one, t(`referral_is_${one}`))), option("", t("referral_is_any")));
  const who = h("select", { onchange: () => load() }, option("", t("everybody")), directory.practitioners.filter((one) => one.active).map((one) => option(one.practitioner_id, one.name, one.practitioner_id === session.practitioner_id)));
  const load = lister(list, () => items(around, { status: status.value, practitioner_id: who.value }), t("no_referrals"));
  fill(host, h("div", { class: "toolbar" }, field(t("task_status"), status), field(t("referral_concerns"), who, { hint: t("referral_concerns_hint") })), list);
  load();
  return load;
}

async function items(around, filter) {
  const { referrals: found } = await get("/referrals", filter);
  const names = await namesOf(found.map((one) => one.patient_id));
  return found.map((one) => item(one, names, around));
}

function item(referral, names, around) {
  const { directory, branch, session } = around;
  const name = nameOf(names, referral.patient_id);
  const from = directory.practitioner(referral.from_practitioner_id)?.name || t("unknown");
  const open = referral.status === "open";
  return h(
    "li",
    { class: "card task", dataset: { referral: referral.referral_id } },
    h(
      "div",
      {},
      h("h2", {}, personLine(names, referral.patient_id, may(session, "patients.read"))),
      h("p", {}, t("referral_from", { who: from })),
      h("p", {}, t("referral_to", { what: wish(around, referral.wish) })),
      h("p", { class: "hint" }, [t(`referral_${referral.reason}`), open && t("referral_until", { when: moments.shortDate(moments.dayOf(referral.expires_at, branch.zone)) }), referral.declined && t(`decline_${referral.declined}`)].filter(Boolean).join(" · ")),
    ),
    h("p", {}, referral.urgency !== "routine" && open && h("span", { class: "chip is-alert" }, t(`urgency_${referral.urgency}`)), h("span", { class: `chip is-${open ? "open" : "ok"}` }, t(`referral_now_${referral.status}`))),
    open &&
      h(
        "div",
        { class: "actions" },
        may(session, "appointments.book") && act("book", referral.referral_id, t("book"), name, "primary", () => booking(referral, names, around)),
        may(session, "referrals.write") && act("decline", referral.referral_id, t("referral_decline"), name, "quiet", () => decline(referral, name, around)),
      ),
  );
}

/** The visit may be at another branch than the one that is looked at. */
function booking({ referral_id, patient_id, wish: wanted }, names, around) {
  const phone = names.get(patient_id)?.phone;
  const card = { patient_id, full_name: nameOf(names, patient_id), phones: phone ? [{ phone }] : [] };
  const branch = around.directory.branch(wanted.branch_id) || around.branch;
  return book({ ...around, branch }, card, { ...wanted, referral_id });
}

async function decline(referral, name, around) {
  const reason = await dialogue(t("referral_decline"), t("close"), (close) => {
    const why = choice(t("reason"), DECLINES.map((one) => [one, t(`decline_${one}`)]));
    return form(close, why.read, [h("p", {}, h("strong", {}, name)), why.field], t("referral_decline"), "primary danger");
  });
  if (!reason) return;
  try {
    await post(`/referrals/${referral.referral_id}/decline`, { reason, if_version: referral.version });
    await around.changed(t("done_referral_decline"));
  } catch (problem) {
    await around.changed(problem.text, "error");
  }
}
