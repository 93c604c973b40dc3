// The booking widget: service, then branch and practitioner, then time, then who; nothing is kept on the way.

import { addressLines, choice, freeSlots, known, learn, offering, practitioners, practitionerName, query, root, serviceName, slotText } from "./book_choice.js";
import { stepPerson } from "./book_person.js";
import { announce, fill, focusOn, h } from "./dom.js";
import * as moments from "./moments.js";
import { t, worded } from "./texts.js";
import { timeChooser } from "./times.js";

// Who the link that led here was about; choosing somebody else later is everybody's right.
const wished = query.get("practitioner");
const STEPS = ["service", "practitioner", "time", "person"];

async function start() {
  fill(root, h("p", { class: "loading", role: "status" }, t("loading")));
  try {
    await learn();
  } catch (problem) {
    fill(root, h("p", { class: "notice is-error", role: "alert" }, problem.text), again(start));
    return;
  }
  choice.service = known.services.find((one) => one.service_id === query.get("service")) || null;
  choice.branch = known.branches.find((one) => one.branch_id === query.get("branch")) || null;
  if (!choice.branch && offering().length === 1) [choice.branch] = offering();
  if (wished) {
    const [practitioner] = await practitioners({ practitioner: wished }).catch(() => []);
    if (practitioner && !choice.service) known.services = known.services.filter((one) => practitioner.service_ids.includes(one.service_id));
  }
  if (choice.service) await afterService(false);
  else go("service", false);
}

/** To the times where branch and practitioner are decided already, else to these. */
async function afterService(moveFocus = true) {
  if (wished) {
    const [practitioner] = await practitioners({ practitioner: wished }).catch(() => []);
    if (practitioner) choosePreset(practitioner);
  }
  go(choice.practitioner && choice.branch ? "time" : "practitioner", moveFocus);
}

/** A preset practitioner decides the branch too, where they receive at one only. */
function choosePreset(practitioner) {
  const places = new Set(practitioner.working_hours.map((one) => one.branch_id));
  const possible = offering().filter((one) => places.has(one.branch_id));
  if (!choice.branch && possible.length === 1) [choice.branch] = possible;
  if (!choice.branch || possible.includes(choice.branch)) choice.practitioner = practitioner;
}

// --- the frame of a step ----------------------------------------------------------------------------------

function go(step, moveFocus = true) {
  announce("");
  remember();
  const shown = { service: stepService, practitioner: stepPractitioner, time: stepTime, person: () => stepPerson({ go, progress }) }[step]();
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

// --- 1: what ----------------------------------------------------------------------------------------------

function stepService() {
  if (!known.services.length) return h("p", { class: "notice" }, t("no_services"));
  return h(
    "ul",
    { class: "choices" },
    known.services.map((service) =>
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
            service.virtual && h("span", {}, t("online")),
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
  afterService();
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
      h("span", { class: "place-text" }, h("strong", {}, branch.name), ...(choice.service.virtual ? [] : addressLines(branch).slice(0, 1)).map((line) => h("span", {}, line))),
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
    find: freeSlots,
    zone: choice.branch.zone,
    from: choice.slot && moments.dayOf(choice.slot.starts_at, choice.branch.zone),
    onpick: (slot) => {
      choice.slot = slot;
      go("person");
    },
  });
  return [host, h("p", { class: "hint" }, t("times_at_branch", { city: choice.branch.address.city }))];
}

start();
