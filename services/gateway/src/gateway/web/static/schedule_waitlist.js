// The waitlist of a branch: who waits for what, what is held for whom until when, and what they answer.

import { get, once } from "./api.js";
import { dialogue, field, fieldError, fill, h, option } from "./dom.js";
import { form } from "./forms.js";
import * as moments from "./moments.js";
import { idOf, nameOf, namesOf, personField, personLine } from "./people.js";
import { act, lister, wish } from "./schedule_parts.js";
import { may } from "./staff.js";
import { t, worded } from "./texts.js";

const WEEKS = 28;

export const waitlist = { needs: "waitlist.work", hears: /^(waitlist|appointment)/, show };

const post = once();

function show(host, around) {
  const list = h("div", { id: "waitlist", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading")));
  const load = lister(list, () => items(around), t("nobody_waits"));
  fill(host, h("button", { type: "button", class: "primary", id: "add", onclick: () => join(around) }, t("waitlist_join")), list);
  load();
  return load;
}

async function items(around) {
  const { entries } = await get("/waitlist", { branch_id: around.branch.branch_id });
  const names = await namesOf(entries.map((one) => one.patient_id));
  return entries.map((one) => item(one, names, around));
}

function item(entry, names, around) {
  const { branch, session } = around;
  const name = nameOf(names, entry.patient_id);
  const times = entry.from_time === "00:00:00" && !entry.to_time ? t("any_time") : t("times_between", { from: entry.from_time.slice(0, 5), to: (entry.to_time || "24:00").slice(0, 5) });
  const { offer } = entry;
  return h(
    "li",
    { class: "card task", dataset: { entry: entry.entry_id } },
    h(
      "div",
      {},
      h("h2", {}, personLine(names, entry.patient_id, may(session, "patients.read"))),
      h("p", {}, wish(around, entry)),
      h("p", { class: "hint" }, `${moments.shortDate(entry.from_date)} – ${moments.shortDate(entry.to_date)} · ${times}`),
      offer && h("p", { class: "offered" }, t("offered_until", { when: moments.dateAndTime(offer.slot.starts_at, branch.zone), until: moments.dateAndTime(offer.expires_at, branch.zone) })),
    ),
    h("p", {}, h("span", { class: `chip is-${offer ? "arrived" : "open"}` }, t(`waitlist_${entry.status}`))),
    h(
      "div",
      { class: "actions" },
      offer && act("accept", entry.entry_id, t("offer_accept"), name, "primary", () => carry(around, `/waitlist/offers/${offer.offer_id}/accept`, t("done_offer_accept"))),
      offer && act("decline", entry.entry_id, t("offer_decline"), name, "secondary", () => carry(around, `/waitlist/offers/${offer.offer_id}/decline`, t("done_offer_decline"))),
      act("leave", entry.entry_id, t("waitlist_leave"), name, "quiet danger", () => carry(around, `/waitlist/${entry.entry_id}/leave`, t("done_waitlist_leave"))),
    ),
  );
}

async function carry(around, path, said) {
  try {
    await post(path, {});
    await around.changed(said);
  } catch (problem) {
    await around.changed(problem.text, "error");
  }
}

async function join(around) {
  const joined = await dialogue(t("waitlist_join"), t("close"), (close) => {
    const person = personField();
    const wanted = wishFields(around);
    const trouble = h("div", { "aria-live": "assertive" });
    const value = () => {
      const who = person.read();
      const what = who && wanted.read();
      if (what) send(who, what);
      return null;
    };
    const send = async (who, what) => {
      try {
        close(await post("/waitlist", { patient_id: await idOf(who), ...what }));
      } catch (problem) {
        fill(trouble, h("p", { class: "notice is-error", role: "alert" }, problem.text));
      }
    };
    return form(close, value, [person.field, wanted.fields, trouble], t("waitlist_join_now"));
  });
  if (joined) await around.changed(t("done_waitlist_join"));
}

function wishFields({ directory, branch }) {
  const service = h("select", { onchange: () => possible() }, directory.servicesAt(branch).map((one) => option(one.service_id, worded(one.name, branch.locale))));
  const who = h("select", {});
  const here = h("input", { type: "checkbox", checked: true });
  const today = moments.dayOf(moments.now(), branch.zone);
  const [fromDay, toDay] = [today, moments.plusDays(today, WEEKS)].map((value) => h("input", { type: "date", required: true, min: today, value }));
  const [fromTime, toTime] = [1, 2].map(() => h("input", { type: "time" }));
  const possible = () => fill(who, option("", t("any_practitioner")), directory.practitionersFor(branch, directory.service(service.value)).map((one) => option(one.practitioner_id, one.name)));
  possible();
  const read = () => {
    const right = fromDay.value && toDay.value && fromDay.value <= toDay.value;
    fieldError(toDay, right ? "" : t("absence_wrong"));
    if (!right) {
      toDay.focus();
      return null;
    }
    const optional = { practitioner_id: who.value, branch_id: here.checked && branch.branch_id, from_time: fromTime.value, to_time: toTime.value };
    const given = Object.fromEntries(Object.entries(optional).filter(([, one]) => one));
    return { service_id: service.value, from_date: fromDay.value, to_date: toDay.value, ...given };
  };
  const fields = [
    h("div", { class: "grid" }, field(t("service"), service), field(t("practitioner"), who)),
    h("label", { class: "check" }, here, h("span", {}, t("only_here", { branch: branch.name }))),
    h("div", { class: "grid" }, field(t("from_day"), fromDay), field(t("until_day"), toDay)),
    h("div", { class: "grid" }, field(t("from_time"), fromTime, { optional: t("optional") }), field(t("until_time"), toTime, { optional: t("optional") })),
  ];
  return { fields, read };
}
