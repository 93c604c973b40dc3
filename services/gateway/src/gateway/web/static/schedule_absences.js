// Absences: first whom one would meet, then what becomes of each patient, then it is saved.

import { get, once } from "./api.js";
import { dialogue, field, fieldError, fill, focusOn, h, option } from "./dom.js";
import { form } from "./forms.js";
import * as moments from "./moments.js";
import { nameOf, namesOf } from "./people.js";
import { choices } from "./schedule_choices.js";
import { act, lister } from "./schedule_parts.js";
import { may } from "./staff.js";
import { t } from "./texts.js";

const REASONS = ["holiday", "illness", "training", "closed", "other"];

export const absences = { needs: "board.read", hears: /^(absence|appointment)/, show };

function show(host, around) {
  const list = h("div", { id: "absences", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading")));
  const drafting = h("div", { id: "draft" });
  const load = lister(list, () => items(around), t("nobody_away"));
  const add = h("button", { type: "button", class: "primary", id: "add", onclick: () => draft(drafting, around, add) }, t("absence_new"));
  fill(host, may(around.session, "absences.write") && add, drafting, h("h2", {}, t("absences_now_and_later")), list);
  load();
  return load;
}

async function items(around) {
  const { absences: found } = await get("/absences", { branch_id: around.branch.branch_id });
  return found.map((one) => item(one, around));
}

function item({ absence_id, range, reason }, around) {
  const { directory, branch, session } = around;
  const who = range.practitioner_id ? directory.practitioner(range.practitioner_id)?.name : t("whole_branch", { branch: directory.branch(range.branch_id)?.name });
  const now = Date.parse(range.starts_at) <= Date.parse(moments.now());
  const label = t(now ? "absence_end" : "absence_drop");
  return h(
    "li",
    { class: "card task", dataset: { absence: absence_id } },
    h("div", {}, h("h3", {}, who), h("p", {}, `${moments.dateAndTime(range.starts_at, branch.zone)} – ${moments.dateAndTime(range.ends_at, branch.zone)}`), h("p", { class: "hint" }, t(`absence_${reason}`))),
    now && h("p", {}, h("span", { class: "chip is-open" }, t("absence_now"))),
    may(session, "absences.write") && h("div", { class: "actions" }, act("end", absence_id, label, who, "secondary", () => end(absence_id, label, who, around))),
  );
}

const post = once();

async function end(id, label, who, around) {
  const sure = await dialogue(label, t("close"), (close) => form(close, () => true, [h("p", {}, who), h("p", { class: "hint" }, t("absence_end_hint"))], label));
  if (!sure) return;
  try {
    await post(`/absences/${id}/end`, {});
    await around.changed(t("done_absence_end"));
  } catch (problem) {
    await around.changed(problem.text, "error");
  }
}

// --- a new one --------------------------------------------------------------------------------------------

function draft(host, around, opener) {
  const range = rangeFields(around);
  const plan = h("div", { class: "plan", "aria-live": "polite" });
  const leave = () => {
    fill(host);
    opener.hidden = false;
    opener.focus();
  };
  const onsubmit = async (event) => {
    event.preventDefault();
    const away = range.read();
    if (!away) return;
    try {
      const dry = await post("/absences?dry_run=true", away);
      const names = await namesOf(dry.affected.map((one) => one.appointment.patient_id));
      fill(plan, planned(dry, names, away, around, leave));
      focusOn(plan.querySelector("h3"));
    } catch (problem) {
      fill(plan, h("p", { class: "notice is-error", role: "alert" }, problem.text));
    }
  };
  const heading = h("h2", {}, t("absence_new"));
  // What was looked at is not what is saved once a field has changed.
  const onchange = () => fill(plan);
  fill(
    host,
    h(
      "section",
      { class: "card" },
      heading,
      h("form", { class: "form", novalidate: true, onsubmit, onchange }, range.fields, h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, t("absence_look")), h("button", { type: "button", class: "secondary", onclick: leave }, t("leave")))),
      plan,
    ),
  );
  opener.hidden = true;
  focusOn(heading);
}

function rangeFields({ directory, branch, session }) {
  const own = session.roles.every((role) => role === "doctor") ? session.practitioner_id : null;
  const those = directory.practitionersFor(branch).filter((one) => !own || one.practitioner_id === own);
  const who = h("select", {}, those.map((one) => option(one.practitioner_id, one.name)), !own && option("", t("whole_branch", { branch: branch.name })));
  const today = moments.dayOf(moments.now(), branch.zone);
  const input = (type, value) => h("input", { type, required: true, value });
  const [fromDay, fromTime, toDay, toTime] = [input("date", today), input("time", "08:00"), input("date", today), input("time", "20:00")];
  const reason = h("select", {}, REASONS.map((one) => option(one, t(`absence_${one}`))));
  fromDay.addEventListener("change", () => {
    if (toDay.value < fromDay.value) toDay.value = fromDay.value;
  });
  const read = () => {
    const starts = fromDay.value && fromTime.value && moments.instantAt(fromDay.value, fromTime.value, branch.zone);
    const ends = toDay.value && toTime.value && moments.instantAt(toDay.value, toTime.value, branch.zone);
    const right = starts && ends && starts < ends;
    fieldError(toDay, right ? "" : t("absence_wrong"));
    if (!right) {
      toDay.focus();
      return null;
    }
    return { ...(who.value ? { practitioner_id: who.value } : { branch_id: branch.branch_id }), starts_at: starts, ends_at: ends, reason: reason.value };
  };
  const fields = [
    h("div", { class: "grid" }, field(t("absence_who"), who), field(t("reason"), reason)),
    h("div", { class: "grid" }, field(t("from_day"), fromDay), field(t("from_time"), fromTime)),
    h("div", { class: "grid" }, field(t("until_day"), toDay), field(t("until_time"), toTime)),
  ];
  return { fields, read };
}

/** Whom it would meet, and what is to become of each; saving it ends the draft. */
function planned(dry, names, away, around, leave) {
  const chosen = choices(dry.affected, (one) => nameOf(names, one.appointment.patient_id), around);
  const trouble = h("div", { "aria-live": "assertive" });
  const save = async () => {
    try {
      const { displacements } = await post("/absences", { ...away, choices: chosen.read() });
      leave();
      const count = (choice) => moments.number(displacements.filter((one) => one.choice === choice).length);
      await around.changed(displacements.length ? t("done_absence", { message: count("message"), call: count("call"), reassign: count("reassign") }) : t("done_absence_free"));
    } catch (problem) {
      fill(trouble, h("p", { class: "notice is-error", role: "alert" }, problem.text));
    }
  };
  return [
    h("h3", {}, dry.affected.length ? t("absence_meets", { n: moments.number(dry.affected.length) }) : t("absence_meets_nobody")),
    dry.begun.length > 0 && h("p", { class: "notice is-warn" }, t("absence_begun", { n: moments.number(dry.begun.length) })),
    chosen.fields,
    trouble,
    h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: save }, t("absence_save"))),
  ];
}
