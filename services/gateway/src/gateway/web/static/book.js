// The booking widget: service, then branch and practitioner, then time, then who; nothing is kept on the way.

import { get, once, Problem } from "./api.js";
import { $, announce, field, fieldError, fill, focusOn, h } from "./dom.js";
import * as moments from "./moments.js";
import { locale, t, worded } from "./texts.js";
import { timeChooser } from "./times.js";

const root = $("#widget");
const network = root.dataset.network;
const base = `/networks/${encodeURIComponent(network)}`;
const query = new URLSearchParams(location.search);
const post = once();

const STEPS = ["service", "practitioner", "time", "person"];
const AGREEMENTS = ["marketing", "cross_border"];
const SOURCES = ["site", "whatsapp", "instagram", "telegram", "listing", "recall"];

const choice = { service: null, branch: null, practitioner: null, slot: null };
const person = { full_name: "", phone: "", email: "", agrees_to: [] };
let services = [];
let branches = [];
let everybody = [];

async function start() {
  fill(root, h("p", { class: "loading", role: "status" }, t("loading")));
  try {
    [{ services }, { branches }] = await Promise.all([get(`${base}/services`), get(`${base}/branches`)]);
  } catch (problem) {
    fill(root, h("p", { class: "notice is-error", role: "alert" }, problem.text), again(start));
    return;
  }
  services = services.filter((one) => one.active !== false);
  branches = branches.filter((one) => one.active !== false);
  choice.service = services.find((one) => one.service_id === query.get("service")) || null;
  choice.branch = branches.find((one) => one.branch_id === query.get("branch")) || null;
  if (!choice.branch && offering().length === 1) [choice.branch] = offering();
  if (choice.service && query.get("practitioner")) {
    const found = await practitioners({ practitioner: query.get("practitioner") }).catch(() => []);
    if (found.length) choosePreset(found[0]);
  }
  go(choice.service ? (choice.practitioner && choice.branch ? "time" : "practitioner") : "service", false);
}

/** A preset practitioner decides the branch too, where they receive at one only. */
function choosePreset(practitioner) {
  const places = new Set((practitioner.working_hours || []).map((one) => one.branch_id));
  const possible = offering().filter((one) => !places.size || places.has(one.branch_id));
  if (!choice.branch && possible.length === 1) [choice.branch] = possible;
  if (!choice.branch || possible.includes(choice.branch)) choice.practitioner = practitioner;
}

function offering() {
  const allowed = choice.service?.branch_ids;
  return branches.filter((one) => !allowed || allowed.includes(one.branch_id));
}

async function practitioners({ practitioner, anywhere = false } = {}) {
  const answer = await get(`${base}/practitioners`, {
    service_id: choice.service?.service_id,
    branch_id: anywhere ? null : choice.branch?.branch_id,
  });
  return answer.practitioners.filter(
    (one) => one.active !== false && (!practitioner || one.practitioner_id === practitioner),
  );
}

// --- the frame of a step ----------------------------------------------------------------------------------

function go(step, moveFocus = true) {
  announce("");
  remember();
  const shown = { service: stepService, practitioner: stepPractitioner, time: stepTime, person: stepPerson }[step]();
  const number = STEPS.indexOf(step) + 1;
  const heading = h("h2", { id: "step-heading" }, t(`step_${step}`));
  fill(
    root,
    progress(number),
    summary(step),
    h("section", { class: "step", "aria-labelledby": "step-heading", dataset: { step } }, heading, shown),
    number > 1 && h("button", { type: "button", class: "quiet back", onclick: () => go(STEPS[number - 2]) }, t("back")),
  );
  if (moveFocus) {
    focusOn(heading);
    root.scrollIntoView({ block: "start" });
  }
}

function progress(number) {
  return h(
    "div",
    { class: "progress" },
    h("p", { class: "progress-text" }, t("step_of", { n: moments.number(number), total: moments.number(STEPS.length) })),
    h("progress", { max: STEPS.length, value: number, "aria-hidden": "true" }),
  );
}

/** What is chosen so far, each part a way back to its step. */
function summary(step) {
  const at = STEPS.indexOf(step);
  const parts = [
    at > 0 && choice.service && ["service", serviceName(choice.service)],
    at > 1 && choice.branch && ["practitioner", `${practitionerName(choice.practitioner)} · ${choice.branch.name}`],
    at > 2 && choice.slot && ["time", slotText(choice.slot)],
  ].filter(Boolean);
  if (!parts.length) return null;
  return h(
    "ul",
    { class: "summary" },
    parts.map(([target, text]) =>
      h(
        "li",
        {},
        h("span", {}, text),
        h(
          "button",
          { type: "button", class: "link", "aria-label": `${t("change")}: ${text}`, onclick: () => go(target) },
          t("change"),
        ),
      ),
    ),
  );
}

/** The address of the page keeps the choice, so that another language, a reload or a shared link does too. */
function remember() {
  for (const [name, value] of [
    ["service", choice.service?.service_id],
    ["branch", choice.branch?.branch_id],
    ["practitioner", choice.practitioner?.practitioner_id],
  ]) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const rest = query.toString();
  history.replaceState(null, "", rest ? `?${rest}` : location.pathname);
  for (const link of document.querySelectorAll("[data-language]")) {
    const there = new URLSearchParams(query);
    there.set("lang", link.dataset.language);
    link.href = `?${there}`;
  }
}

const again = (action) => h("button", { type: "button", class: "secondary", onclick: action }, t("retry"));
const serviceName = (service) => worded(service.name, choice.branch?.locale);
const practitionerName = (practitioner) =>
  practitioner ? worded(practitioner.name_forms?.display, choice.branch?.locale) || practitioner.name : t("any_practitioner");
const slotText = (slot) =>
  whenText(slot.starts_at, choice.branch.zone);

const whenText = (instant, zone) =>
  moments.longDay(moments.dayOf(instant, zone)) + t("comma") + moments.time(instant, zone);

function addressLines({ address }) {
  return [
    [address.city, address.street].filter(Boolean).join(t("comma")),
    [
      address.entrance && t("entrance", { value: address.entrance }),
      address.floor && t("floor", { value: address.floor }),
      address.room && t("room", { value: address.room }),
    ]
      .filter(Boolean)
      .join(t("comma")),
  ].filter(Boolean);
}

// --- 1: what ----------------------------------------------------------------------------------------------

function stepService() {
  if (!services.length) return h("p", { class: "notice" }, t("no_services"));
  return h(
    "ul",
    { class: "choices" },
    services.map((service) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "choice", onclick: () => chooseService(service) },
          h("span", { class: "choice-name" }, serviceName(service)),
          h(
            "span",
            { class: "choice-facts" },
            h("span", {}, t("minutes", { n: moments.number(service.duration) })),
            service.price && h("span", {}, moments.money(service.price)),
          ),
        ),
      ),
    ),
  );
}

function chooseService(service) {
  choice.service = service;
  choice.practitioner = null;
  choice.slot = null;
  if (choice.branch && !offering().includes(choice.branch)) choice.branch = null;
  if (!choice.branch && offering().length === 1) [choice.branch] = offering();
  go("practitioner");
}

// --- 2: where and with whom -------------------------------------------------------------------------------

function stepPractitioner() {
  const people = h("div", { class: "people", "aria-live": "polite" });
  const places = offering();
  const radios = places.map((branch) =>
    h(
      "label",
      { class: "place" },
      h("input", {
        type: "radio",
        name: "branch",
        value: branch.branch_id,
        checked: branch === choice.branch,
        onchange: () => {
          choice.branch = branch;
          choice.slot = null;
          remember();
          showPeople(people);
        },
      }),
      h("span", { class: "place-text" }, h("strong", {}, branch.name), ...addressLines(branch).slice(0, 1).map((line) => h("span", {}, line))),
    ),
  );
  showPeople(people);
  return [
    places.length > 1 && h("fieldset", { class: "places" }, h("legend", {}, t("choose_branch")), radios),
    people,
  ];
}

async function showPeople(host) {
  if (!choice.branch) {
    fill(host);
    return;
  }
  const branch = choice.branch;
  host.setAttribute("aria-busy", "true");
  try {
    const found = await practitioners();
    if (branch !== choice.branch) return;
    fill(host, found.length ? peopleList(found) : h("p", { class: "notice" }, t("no_practitioners")));
  } catch (problem) {
    fill(host, h("p", { class: "notice is-error", role: "alert" }, problem.text), again(() => showPeople(host)));
  } finally {
    host.removeAttribute("aria-busy");
  }
}

function peopleList(found) {
  const any = found.length > 1 && [personButton(null, t("any_practitioner"), t("any_practitioner_hint"))];
  return [
    h("h3", {}, t("choose_practitioner")),
    h(
      "ul",
      { class: "choices" },
      any,
      found.map((one) => personButton(one, practitionerName(one), worded(one.speciality, choice.branch.locale))),
    ),
  ];
}

function personButton(practitioner, name, about) {
  const pick = () => {
    choice.practitioner = practitioner;
    choice.slot = null;
    go("time");
  };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "choice", onclick: pick },
      h("span", { class: "choice-name" }, name),
      about && h("span", { class: "choice-facts" }, about),
    ),
  );
}

// --- 3: when ----------------------------------------------------------------------------------------------

function stepTime() {
  const host = h("div", { class: "times" });
  timeChooser(host, {
    find: async (day, days) => {
      const answer = await get(`${base}/slots`, {
        service_id: choice.service.service_id,
        branch_id: choice.branch.branch_id,
        practitioner_id: choice.practitioner?.practitioner_id,
        from: day,
        days,
      });
      return answer.slots;
    },
    zone: choice.branch.zone,
    from: choice.slot && moments.dayOf(choice.slot.starts_at, choice.branch.zone),
    onpick: (slot) => {
      choice.slot = slot;
      go("person");
    },
  });
  return [host, h("p", { class: "hint" }, t("times_at_branch", { city: choice.branch.address.city }))];
}

// --- 4: who -----------------------------------------------------------------------------------------------

function stepPerson() {
  const name = h("input", { type: "text", name: "name", autocomplete: "name", required: true, maxlength: "120", value: person.full_name });
  const phone = h("input", { type: "tel", name: "phone", autocomplete: "tel", inputmode: "tel", required: true, maxlength: "32", dir: "ltr", value: person.phone });
  const email = h("input", { type: "email", name: "email", autocomplete: "email", inputmode: "email", maxlength: "200", dir: "ltr", value: person.email });
  const agreements = AGREEMENTS.map((purpose) =>
    h("input", { type: "checkbox", name: "agrees_to", value: purpose, checked: person.agrees_to.includes(purpose) }),
  );
  const submit = h("button", { type: "submit", class: "primary" }, t("book_now"));
  const trouble = h("div", { class: "trouble" });
  const keep = () => {
    person.full_name = name.value.trim();
    person.phone = phone.value.trim();
    person.email = email.value.trim();
    person.agrees_to = agreements.filter((one) => one.checked).map((one) => one.value);
  };
  const form = h(
    "form",
    {
      class: "form",
      novalidate: true,
      oninput: keep,
      onsubmit: (event) => {
        event.preventDefault();
        keep();
        if (complete({ name, phone, email })) book({ submit, trouble, phone, name, email });
      },
    },
    field(t("your_name"), name),
    field(t("your_phone"), phone, { hint: t("your_phone_hint") }),
    field(t("your_email"), email, { optional: t("optional") }),
    h(
      "fieldset",
      { class: "agreements" },
      h("legend", {}, t("agreements")),
      agreements.map((box, index) => h("label", { class: "check" }, box, h("span", {}, t(`agree_${AGREEMENTS[index]}`)))),
    ),
    trouble,
    submit,
  );
  return form;
}

function complete({ name, phone, email }) {
  const digits = phone.value.normalize("NFKC").replace(/\p{Nd}/gu, "0").replace(/[^0]/g, "").length;
  fieldError(name, name.value.trim() ? "" : t("name_missing"));
  fieldError(phone, digits >= 6 ? "" : t("problem.malformed-phone"));
  fieldError(email, email.value && !email.validity.valid ? t("email_wrong") : "");
  const wrong = [name, phone, email].find((one) => one.getAttribute("aria-invalid"));
  wrong?.focus();
  return !wrong;
}

async function book({ submit, trouble, phone, name }) {
  submit.disabled = true;
  announce(t("booking_now"));
  fill(trouble);
  try {
    const answer = await post(`${base}/bookings`, order());
    await done(answer);
  } catch (problem) {
    announce("");
    if (problem.code === "slot-taken") await taken(problem);
    else if (problem.code === "malformed-phone") wrongField(phone, problem.text);
    else if (problem.code === "malformed-name") wrongField(name, problem.text);
    else fill(trouble, h("p", { class: "notice is-error", role: "alert" }, problem.text, " ", callUs()));
    if (!(problem instanceof Problem)) throw problem;
  } finally {
    submit.disabled = false;
  }
}

function wrongField(control, text) {
  fieldError(control, text);
  control.focus();
}

function order() {
  const source = SOURCES.includes(query.get("source")) ? query.get("source") : "site";
  const utm = Object.fromEntries([...query].filter(([name]) => name.startsWith("utm_")).slice(0, 8).map(([name, value]) => [name.slice(0, 40), value.slice(0, 200)]));
  return {
    service_id: choice.service.service_id,
    branch_id: choice.slot.branch_id,
    practitioner_id: choice.slot.practitioner_id,
    starts_at: choice.slot.starts_at,
    patient: {
      full_name: person.full_name,
      phone: person.phone,
      locale,
      ...(person.email ? { email: person.email } : {}),
    },
    agrees_to: person.agrees_to,
    source,
    ...(query.get("campaign") ? { campaign_id: query.get("campaign") } : {}),
    ...(Object.keys(utm).length ? { utm } : {}),
  };
}

const callUs = () => t("or_call", { phone: choice.branch.phone });

/** Somebody was faster: say so kindly, and let the other times be tapped right here. */
async function taken(problem) {
  everybody = await practitioners({ anywhere: true }).catch(() => []);
  const others = (problem.body.alternatives || []).filter((slot) => branches.some((one) => one.branch_id === slot.branch_id));
  const heading = h("h2", { id: "step-heading" }, t("slot_taken"));
  fill(
    root,
    progress(3),
    h(
      "section",
      { class: "step", "aria-labelledby": "step-heading", dataset: { step: "taken" } },
      heading,
      h("p", {}, others.length ? t("slot_taken_others") : t("slot_taken_none")),
      h("ul", { class: "choices" }, others.map(alternative)),
      h("button", { type: "button", class: "secondary", onclick: () => go("time") }, t("other_times")),
    ),
  );
  focusOn(heading);
}

function alternative(slot) {
  const branch = branches.find((one) => one.branch_id === slot.branch_id);
  const who = everybody.find((one) => one.practitioner_id === slot.practitioner_id);
  const pick = () => {
    choice.branch = branch;
    choice.slot = slot;
    go("person");
  };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "choice", onclick: pick },
      h("span", { class: "choice-name" }, whenText(slot.starts_at, branch.zone)),
      h("span", { class: "choice-facts" }, [who && practitionerName(who), branch !== choice.branch && branch.name].filter(Boolean).join(" · ")),
    ),
  );
}

// --- done -------------------------------------------------------------------------------------------------

async function done({ appointment, manage_url: manageUrl }) {
  announce("");
  const starts = appointment.starts_at;
  const { branch } = choice;
  const day = moments.dayOf(starts, branch.zone);
  everybody = await practitioners({ anywhere: true }).catch(() => []);
  const practitioner = everybody.find((one) => one.practitioner_id === choice.slot.practitioner_id) || choice.practitioner;
  const room = practitioner?.rooms?.[branch.branch_id];
  const place = room ? { ...branch, address: { ...branch.address, room } } : branch;
  const token = manageUrl ? manageUrl.split("/").pop() : null;
  const heading = h("h2", { id: "step-heading" }, t("booked"));
  fill(
    root,
    h(
      "section",
      { class: "step done", "aria-labelledby": "step-heading", dataset: { step: "done" } },
      h("p", { class: "done-mark", "aria-hidden": "true" }, "✓"),
      heading,
      h("p", {}, t("booked_hint")),
      h(
        "dl",
        { class: "facts" },
        fact(t("fact_when"), [h("strong", {}, moments.longDay(day, true)), h("strong", { class: "fact-time" }, moments.time(starts, branch.zone))]),
        fact(t("fact_service"), serviceName(choice.service)),
        practitioner && fact(t("fact_practitioner"), practitionerName(practitioner)),
        fact(t("fact_where"), [branch.name, ...addressLines(place)].map((line) => h("span", {}, line))),
        fact(t("fact_phone"), h("a", { href: `tel:${branch.phone}`, dir: "ltr" }, branch.phone)),
      ),
      token &&
        h(
          "div",
          { class: "actions" },
          h("a", { class: "button secondary", href: `/api/v1/links/${token}/calendar.ics` }, t("add_to_calendar")),
          h("a", { class: "button secondary", href: `/l/${token}` }, t("manage_booking")),
        ),
    ),
  );
  focusOn(heading);
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

start();
