// Everything about one patient: five sections, each of them possibly missing, never mixed up with "nothing".

import { get } from "./api.js";
import { $, announce, fill, focusOn, h } from "./dom.js";
import { openedMessage } from "./explanation.js";
import { completing, looking } from "./looking.js";
import { balanceLines } from "./money_parts.js";
import { moneyOf } from "./money_visit.js";
import * as moments from "./moments.js";
import { alertsOf, visits } from "./patient_parts.js";
import { begin, may, REMEMBERED } from "./staff.js";
import { spoken, t } from "./texts.js";

const root = $("#page");
const began = await begin("patients.read");
const zone = began?.directory.branches[0]?.zone || "UTC";
const at = (instant) => moments.dateAndTime(instant, zone);

const ask = () => get(`/patients/${encodeURIComponent(root.dataset.patient)}/360`);
const load = looking(ask, draw, refused);
const complete = completing(root, ask, section, () => $("#patient-name"), told);

function refused(problem) {
  fill(
    root,
    h("h1", {}, t("title_patient")),
    h("p", { class: "notice is-error", role: "alert" }, problem.text),
    h("button", { type: "button", class: "secondary", onclick: load }, t("retry")),
  );
}

function draw({ sections }) {
  fill(
    root,
    h("h1", { id: "patient-name" }, t("patient_unknown")),
    h("p", { id: "missing", class: "notice is-warn", role: "status" }, t("some_unavailable")),
    h("div", { class: "sections-grid" }, Object.keys(SHOWN).map((name) => section(name, sections[name]))),
  );
  told(sections, complete());
}

/** Whose sections they are, and whether all are there. */
function told({ profile }, missing) {
  if (profile.data) $("#patient-name").textContent = profile.data.card.full_name;
  $("#missing").hidden = !missing;
}

/** Money came or went: show it, and keep the keyboard at the same visit. */
async function changed(text, kind, appointmentId) {
  await load();
  announce(text, kind);
  const bill = document.querySelector(`[data-bill="${CSS.escape(appointmentId)}"]`);
  if (!bill) return;
  bill.open = true;
  focusOn(bill.querySelector("summary"));
}

function section(name, part) {
  const heading = h("h2", { id: `section-${name}` }, t(`part_${name}`));
  return h(
    "section",
    { class: `card part-${name}`, "aria-labelledby": heading.id, dataset: { part: name, status: part.status } },
    heading,
    part.status === "ok" ? SHOWN[name](part.data, part) : [name === "profile" && alertsOf(part), h("p", { class: "notice is-warn" }, t("section_unavailable"))],
  );
}

const fact = (name, value) => value && h("div", {}, h("dt", {}, name), h("dd", {}, value));
const entry = (when, what, chip, more) => h("li", { class: "visit" }, h("span", { class: "visit-when" }, when), chip, h("span", { class: "visit-what" }, what), more);
const AT_FIRST = 8;

function entries(list) {
  if (!list.length) return h("p", { class: "hint" }, t("none"));
  const rest = list.slice(AT_FIRST);
  return [
    h("ul", {}, list.slice(0, AT_FIRST)),
    rest.length > 0 && h("details", { class: "rest" }, h("summary", {}, t("show_rest", { n: moments.number(rest.length) })), h("ul", {}, rest)),
  ];
}

function person({ card, notes, tags }, part) {
  return [
    alertsOf(part),
    h(
      "dl",
      { class: "facts" },
      fact(t("fact_phones"), card.phones.map((one) => h("a", { href: `tel:${one.phone}`, dir: "ltr" }, one.phone))),
      fact(t("email"), card.email),
      fact(t("birth_date"), card.birth_date && moments.shortDate(card.birth_date)),
      fact(t("locale"), card.locale),
      fact(t("channel"), card.preferences.channel && t(`channel_${card.preferences.channel}`)),
      fact(t("tags"), tags.join(t("comma"))),
    ),
    notes.length > 0 && [h("h3", {}, t("notes")), h("ul", {}, notes.map((one) => entry(at(one.at), one.text)))],
  ];
}

function history({ upcoming, past, totals, balances }) {
  const place = { ...began, zone, branch: began.directory.branch(localStorage.getItem(REMEMBERED)), changed };
  const money = (appointment) => moneyOf(appointment, place, [...upcoming, ...past]);
  const paid = (totals.paid || []).map(moments.money).join(t("comma"));
  return [
    h("p", { class: "hint" }, t("totals", { visits: moments.number(totals.visits), missed: moments.number(totals.no_shows) }), paid && ` · ${t("paid", { amount: paid })}`),
    balanceLines(balances),
    visits(t("upcoming"), upcoming, began, money),
    visits(t("past"), past, began, money),
  ];
}

const shownAs = {
  reply: (one) => entry(at(one.at), `${t("patient_wrote")} «${one.text}»`, h("span", { class: "chip is-taken" }, t(`channel_${one.channel}`))),
  call: (one) => entry(at(one.at), callText(one), h("span", { class: "chip is-taken" }, t("channel_voice"))),
  message: (one) => entry(at(one.at), messageText(one), h("span", { class: `chip is-${one.outcome}` }, t(`message_${one.outcome}`)), may(began.session, "messages.read") && openedMessage(one, zone)),
};

const messages = ({ timeline }) => entries(timeline.map((one) => shownAs[one.kind](one)));

function callText(call) {
  const state = t(`call_${call.state}`);
  const keys = call.legs.map((leg) => leg.digits).filter(Boolean).join(t("comma"));
  return [
    t(call.direction === "inbound" ? "timeline_call_in" : "timeline_call_out", { state }),
    call.seconds > 0 && t("call_seconds", { n: moments.number(call.seconds) }),
    keys && t("call_keys", { keys }),
  ].filter(Boolean).join(" · ");
}

function messageText(message) {
  const channel = message.attempts.at(-1)?.channel;
  const about = [spoken("template", message.template), channel && t(`channel_${channel}`), message.reason && spoken("why", message.reason)];
  return about.filter(Boolean).join(" · ");
}

const consents = ({ permissions }) =>
  entries(permissions.map((one) => entry(at(one.changed_at), t(`purpose_${one.purpose}`), h("span", { class: `chip is-${one.state === "granted" ? "ok" : "cancelled"}` }, t(`permission_${one.state}`)))));

const recalls = ({ recalls: planned }) =>
  entries(planned.map((one) => entry(at(one.due_at), one.rule_name, h("span", { class: `chip is-${one.state === "planned" ? "open" : "ok"}` }, t(`recall_${one.state}`)))));

const SHOWN = { profile: person, appointments: history, communications: messages, consents, recall: recalls };

if (began) {
  fill(root, h("p", { class: "loading", role: "status" }, t("loading")));
  load();
}
