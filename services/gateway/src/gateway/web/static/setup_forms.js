// The forms of the set-up page: fields for one thing of the directory, and how they are read back.

import { h, option } from "./dom.js";
import { needed } from "./field_rules.js";
import * as moments from "./moments.js";
import { majorText, minorUnits, plainDigits } from "./numbers.js";
import { fieldAt } from "./refusals.js";
import { proposing } from "./setup_names.js";
import { checks, group, text } from "./setup_parts.js";
import { regionChoice } from "./setup_regions.js";
import { STAFF } from "./setup_staff.js";
import { locale, OWN_NAMES, t, worded } from "./texts.js";

const WEEK = [1, 2, 3, 4, 5, 6, 7];
const DAY_OPENS = "09:00";
const DAY_CLOSES = "18:00";

const count = (value, min, max) => h("input", { type: "number", min: String(min), max: String(max), step: "5", value: String(value) });
const whole = (input) => Number.parseInt(plainDigits(input.value), 10) || 0;

/** One text per locale of the network. */
function wordings(at, title, texts, { locales }) {
  const inputs = Object.fromEntries(locales.map((one) => [one, text(texts?.[one], { lang: one, dir: one === "fa" ? "rtl" : "ltr" })]));
  return {
    fields: group(at, title, h("div", { class: "grid" }, locales.map((one) => fieldAt(one, OWN_NAMES[one], inputs[one])))),
    read: () => Object.fromEntries(Object.entries({ ...texts, ...mapped(inputs, (input) => input.value.trim()) }).filter(([, value]) => value)),
    /** Fill what is empty; says whether anything was. */
    complete: (proposed) => {
      const empty = Object.entries(proposed).filter(([one]) => inputs[one] && !inputs[one].value.trim());
      for (const [one, value] of empty) inputs[one].value = value;
      return empty.length > 0;
    },
  };
}

const mapped = (things, how) => Object.fromEntries(Object.entries(things).map(([name, thing]) => [name, how(thing)]));

/** Checked weekdays with their times, more than one line for a day with a break; `rules` have weekday and the two named times. */
function hours(at, title, rules, [from, to]) {
  const days = WEEK.map((weekday) => {
    const those = rules.filter((one) => one.weekday === weekday);
    const day = { weekday, lines: [], host: h("div", { class: "hours-day" }) };
    for (const rule of those.length ? those : [null]) addLine(day, rule, [from, to]);
    return day;
  });
  return {
    fields: group(at, title, days.map((one) => one.host)),
    read: () =>
      days.flatMap((day) =>
        day.lines
          .filter((line) => line.open.checked)
          .map((line) => ({ ...line.rule, weekday: day.weekday, [from]: line.starts.value, [to]: line.ends.value })),
      ),
  };
}

function addLine(day, rule, [from, to]) {
  const name = moments.weekdayName(day.weekday);
  const first = day.lines.length === 0;
  const line = {
    rule: rule || {},
    open: h("input", { type: "checkbox", checked: Boolean(rule) }),
    starts: h("input", { type: "time", value: (rule?.[from] || DAY_OPENS).slice(0, 5), "aria-label": `${name}: ${t("from")}` }),
    ends: h("input", { type: "time", value: (rule?.[to] || DAY_CLOSES).slice(0, 5), "aria-label": `${name}: ${t("until")}` }),
  };
  const more = () => {
    addLine(day, { [from]: line.ends.value, [to]: DAY_CLOSES }, [from, to]);
    day.lines.at(-1).starts.focus();
  };
  day.lines.push(line);
  day.host.append(
    h(
      "div",
      { class: "hours" },
      h("label", { class: "check" }, line.open, h("span", { class: first ? "" : "hint" }, name)),
      line.starts,
      line.ends,
      first && h("button", { type: "button", class: "quiet icon", "aria-label": `${name}: ${t("more_hours")}`, title: t("more_hours"), onclick: more }, "+"),
    ),
  );
}

function branchForm(branch, { network, branches }) {
  const like = branch || branches[0];
  const address = branch?.address || {};
  const name = needed(text(branch?.name, { required: true }));
  const parts = mapped({ city: 1, street: 1, entrance: 1, floor: 1, room: 1 }, () => null);
  for (const part of Object.keys(parts)) parts[part] = text(address[part]);
  for (const part of ["city", "street"]) needed(parts[part]);
  const phone = h("input", { type: "tel", maxlength: "32", dir: "ltr", value: branch?.phone || "" });
  const zone = text(like?.zone || Intl.DateTimeFormat().resolvedOptions().timeZone, { list: "zones", dir: "ltr" });
  const language = h("select", {}, Object.keys(OWN_NAMES).map((one) => option(one, OWN_NAMES[one], one === (branch?.locale || network.locales[0]))));
  const region = regionChoice(branch?.subdivision || "", network.country);
  const signature = text(branch?.signature);
  const open = hours("hours", t("hours"), branch?.hours || [], ["opens", "closes"]);
  return {
    fields: [
      h("div", { class: "grid" }, fieldAt("name", t("name"), name), fieldAt("phone", t("phone"), phone)),
      group("address", t("address"), h("div", { class: "grid" }, Object.entries(parts).map(([part, input]) => fieldAt(part, t(`address_${part}`), input)))),
      h("div", { class: "grid" }, fieldAt("zone", t("zone"), zone), fieldAt("locale", t("locale"), language), region.field, fieldAt("signature", t("signature"), signature)),
      h("datalist", { id: "zones" }, Intl.supportedValuesOf("timeZone").map((one) => option(one, one))),
      open.fields,
    ],
    read: () => ({
      name: name.value.trim(),
      address: mapped(parts, (input) => input.value.trim()),
      phone: phone.value.trim(),
      zone: zone.value.trim(),
      locale: language.value,
      subdivision: region.read(),
      signature: signature.value.trim(),
      hours: open.read(),
    }),
  };
}

function practitionerForm(practitioner, { network, branches, services }) {
  const forms = practitioner?.name_forms || {};
  const name = needed(text(practitioner?.name, { required: true }));
  const display = wordings("display", t("name_display"), forms.display, network);
  const dative = wordings("dative", t("name_dative"), forms.dative, network);
  const speciality = wordings("speciality", t("speciality"), practitioner?.speciality, network);
  const specialityDative = wordings("speciality_dative", t("speciality_dative"), practitioner?.speciality_dative, network);
  const performed = checks("service_ids", t("setup_services"), services.map((one) => [one.service_id, worded(one.name, locale)]), practitioner?.service_ids || []);
  const places = branches.map((branch) => ({
    branch,
    hours: hours("working_hours", t("working_hours_at", { branch: branch.name }), (practitioner?.working_hours || []).filter((one) => one.branch_id === branch.branch_id), ["starts", "ends"]),
    room: text(practitioner?.rooms?.[branch.branch_id]),
  }));
  return {
    fields: [
      fieldAt("name", t("full_name"), name),
      display.fields,
      dative.fields,
      speciality.fields,
      specialityDative.fields,
      network.locales.includes("ru") &&
        proposing(() => ({ display: { ru: name.value.trim(), ...display.read() }, speciality: speciality.read() }), dative, specialityDative),
      performed.fields,
      places.map((one) => [one.hours.fields, fieldAt("rooms", t("usual_room_at", { branch: one.branch.name }), one.room)]),
    ],
    read: () => ({
      name: name.value.trim(),
      name_forms: { display: display.read(), dative: dative.read() },
      speciality: speciality.read(),
      speciality_dative: specialityDative.read(),
      service_ids: performed.read(),
      working_hours: places.flatMap((one) => one.hours.read().map((rule) => ({ ...rule, branch_id: one.branch.branch_id }))),
      rooms: Object.fromEntries(places.map((one) => [one.branch.branch_id, one.room.value.trim()]).filter(([, room]) => room)),
    }),
  };
}

function serviceForm(service, { network, branches }) {
  const name = wordings("name", t("name"), service?.name, network);
  const preparation = wordings("preparation", t("preparation"), service?.preparation, network);
  const kind = text(service?.kind || "consultation", { maxlength: "40", dir: "ltr" });
  const duration = count(service?.duration || 30, 5, 1440);
  const before = count(service?.buffer_before || 0, 0, 240);
  const after = count(service?.buffer_after || 0, 0, 240);
  const notice = count(service?.minimum_notice || 0, 0, 100000);
  const cancellation = count(service?.cancellation_notice || 0, 0, 100000);
  const currency = service?.price?.currency || network.currency;
  const price = h("input", { type: "text", inputmode: "decimal", dir: "ltr", value: service?.price ? majorText(service.price.amount, currency) : "" });
  const virtual = h("input", { type: "checkbox", checked: service?.virtual ?? false });
  const room = text(service?.room_kind, { maxlength: "40", dir: "ltr" });
  const places = checks("branch_ids", t("offered_at"), branches.map((one) => [one.branch_id, one.name]), service?.branch_ids || branches.map((one) => one.branch_id));
  return {
    fields: [
      name.fields,
      h("div", { class: "grid" }, fieldAt("duration", t("duration"), duration), fieldAt("buffer_before", t("buffer_before"), before), fieldAt("buffer_after", t("buffer_after"), after), fieldAt("price", t("price", { currency }), price)),
      h("div", { class: "grid" }, fieldAt("kind", t("kind"), kind, { hint: t("kind_hint") }), fieldAt("room_kind", t("room_kind"), room, { hint: t("room_kind_hint") })),
      h("label", { class: "check" }, virtual, h("span", {}, t("virtual"))),
      h("div", { class: "grid" }, fieldAt("minimum_notice", t("minimum_notice"), notice), fieldAt("cancellation_notice", t("cancellation_notice"), cancellation)),
      preparation.fields,
      places.fields,
    ],
    read: () => {
      const offered = places.read();
      const typed = price.value.trim();
      const amount = typed ? minorUnits(typed, currency) : null;
      return {
        name: name.read(),
        preparation: preparation.read(),
        kind: kind.value.trim(),
        duration: whole(duration),
        buffer_before: whole(before),
        buffer_after: whole(after),
        minimum_notice: whole(notice),
        cancellation_notice: whole(cancellation),
        // What is no amount is sent as it was typed, so that the API refuses it rather than losing the price.
        price: typed ? { amount: amount === null ? typed : amount, currency } : null,
        room_kind: room.value.trim() || null,
        virtual: virtual.checked,
        branch_ids: offered.length === branches.length ? null : offered,
      };
    },
  };
}

function roomForm(room, { branches }) {
  const name = needed(text(room?.name, { required: true }));
  const kind = text(room?.kind || "chair", { maxlength: "40", dir: "ltr" });
  const branch = h("select", {}, branches.map((one) => option(one.branch_id, one.name, one.branch_id === room?.branch_id)));
  return {
    fields: h("div", { class: "grid" }, fieldAt("name", t("name"), name), fieldAt("branch_id", t("branch"), branch), fieldAt("kind", t("room_kind"), kind)),
    read: () => ({ name: name.value.trim(), kind: kind.value.trim(), branch_id: branch.value }),
  };
}

export const KINDS = {
  branches: {
    id: "branch_id",
    things: (directory) => directory.branches,
    title: (branch) => branch.name,
    facts: (branch) => `${branch.address.city}, ${branch.address.street}`,
    form: branchForm,
  },
  practitioners: {
    id: "practitioner_id",
    things: (directory) => directory.practitioners,
    title: (practitioner) => practitioner.name,
    facts: (practitioner) => worded(practitioner.speciality, locale),
    form: practitionerForm,
  },
  services: {
    id: "service_id",
    things: (directory) => directory.services,
    title: (service) => worded(service.name, locale),
    facts: (service) => [t("minutes", { n: moments.number(service.duration) }), service.price && moments.money(service.price)].filter(Boolean).join(" · "),
    form: serviceForm,
  },
  rooms: {
    id: "room_id",
    things: (directory) => directory.rooms,
    title: (room) => room.name,
    facts: (room, directory) => [directory.branch(room.branch_id)?.name, room.kind].filter(Boolean).join(" · "),
    form: roomForm,
  },
  staff: STAFF,
};
