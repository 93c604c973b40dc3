// Finding a patient by phone or name, and what is known of one at a glance.

import { get } from "./api.js";
import { fill, focusOn, h } from "./dom.js";
import * as booking from "./desk_booking.js";
import { nextControl } from "./desk_next.js";
import { answerInto, completing } from "./looking.js";
import { balanceLines } from "./money_parts.js";
import * as moments from "./moments.js";
import { looksLikePhone } from "./numbers.js";
import { alertsOf, visits } from "./patient_parts.js";
import { candidatesFor } from "./people.js";
import { may } from "./staff.js";
import { t } from "./texts.js";

export function searchPanel(around) {
  const input = h("input", { id: "find", type: "search", autocomplete: "off", maxlength: "120", placeholder: t("find_placeholder") });
  const found = h("div", { id: "found", "aria-live": "polite" });
  return h(
    "aside",
    { class: "side card", "aria-labelledby": "find-title" },
    h("h2", { id: "find-title" }, t("patients")),
    h(
      "form",
      {
        class: "find",
        role: "search",
        onsubmit: (event) => {
          event.preventDefault();
          if (input.value.trim()) search(input.value.trim(), found, around);
        },
      },
      h("label", { for: "find", class: "visually-hidden" }, t("find_label")),
      input,
      h("button", { type: "submit", class: "secondary" }, t("find")),
    ),
    found,
  );
}

function search(text, host, around) {
  return answerInto(
    host,
    () => candidatesFor(text),
    (candidates) => fill(host, candidates.length ? list(candidates, host, around) : nobody(text, around)),
  );
}

/** One phone may belong to a family: always a list, never a guess. */
function list(candidates, host, around) {
  return [
    h("p", { class: "hint" }, t("found_count", { n: moments.number(candidates.length) })),
    h(
      "ul",
      { class: "choices" },
      candidates.map(({ card, alerts }) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "choice", onclick: () => open(card, host, around) },
            h("span", { class: "choice-name" }, card.full_name),
            h("span", { class: "choice-facts" }, h("span", { dir: "ltr" }, card.phones[0]?.phone || ""), card.birth_date && h("span", {}, moments.shortDate(card.birth_date))),
            alerts.length > 0 && h("span", { class: "chip is-alert" }, `⚠ ${alerts.map((one) => one.text).join(t("comma"))}`),
          ),
        ),
      ),
    ),
  ];
}

function nobody(text, around) {
  const begun = looksLikePhone(text) ? { phone: text } : { full_name: text };
  return [
    h("p", {}, t("found_nobody")),
    may(around().session, "appointments.book") &&
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", class: "primary small", onclick: () => booking.book(around(), begun) }, t("book_new")),
        h("button", { type: "button", class: "secondary small", onclick: () => booking.walkIn(around(), begun) }, t("walk_in")),
      ),
  ];
}

function open(card, host, around) {
  const ask = () => get(`/patients/${card.patient_id}/360`);
  return answerInto(host, ask, ({ sections }) => {
    const heading = h("h3", {}, card.full_name);
    const section = (name, part) => h("div", { dataset: { part: name, status: part.status } }, SHOWN[name](part, around()));
    const panel = h("div", { class: "patient" }, heading, glance(sections, card, around, section));
    fill(host, panel);
    completing(panel, ask, section, () => heading)();
    focusOn(heading);
  });
}

function glance({ profile, appointments }, card, around, section) {
  const { session } = around();
  return [
    h("p", {}, card.phones.map((one) => h("a", { href: `tel:${one.phone}`, dir: "ltr" }, one.phone))),
    section("profile", profile),
    h(
      "div",
      { class: "actions" },
      may(session, "appointments.book") && [
        h("button", { type: "button", class: "primary small", onclick: () => booking.book(around(), card) }, t("book")),
        h("button", { type: "button", class: "secondary small", onclick: () => booking.walkIn(around(), card) }, t("walk_in")),
      ],
      may(session, "patients.read") && h("a", { class: "button secondary small", href: `/patients/${card.patient_id}` }, t("whole_view")),
    ),
    may(session, "appointments.book") && nextControl(around, card, appointments.data),
    section("appointments", appointments),
  ];
}

const SHOWN = {
  profile: (part) => alertsOf(part),
  appointments: ({ status, data }, around) =>
    status === "ok"
      ? [balanceLines(data.balances), visits(t("upcoming"), data.upcoming, around), visits(t("past"), data.past.slice(0, 6), around)]
      : h("p", { class: "notice is-warn" }, t("section_unavailable")),
};
