// The last step of the widget, and what follows it: booked, or somebody was faster.

import { once, Problem } from "./api.js";
import { announce, field, fieldError, fill, focusOn, h } from "./dom.js";
import { addressLines, base, choice, known, order, person, practitioners, practitionerName, root, serviceName, whenText } from "./book_choice.js";
import * as moments from "./moments.js";
import { t } from "./texts.js";

const post = once();
const AGREEMENTS = ["marketing", "cross_border"];

/** `flow` has `go(step)` to move on and `progress(number)` to say where we are. */
export function stepPerson(flow) {
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
        if (complete({ name, phone, email })) book(flow, { submit, trouble, phone, name });
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

async function book(flow, { submit, trouble, phone, name }) {
  submit.disabled = true;
  announce(t("booking_now"));
  fill(trouble);
  try {
    const answer = await post(`${base}/bookings`, order());
    await done(answer);
  } catch (problem) {
    announce("");
    if (problem.code === "slot-taken") await taken(flow, problem);
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

const callUs = () => t("or_call", { phone: choice.branch.phone });

/** Somebody was faster: say so kindly, and let the other times be tapped right here. */
async function taken(flow, problem) {
  known.everybody = await practitioners({ anywhere: true }).catch(() => []);
  const others = (problem.body.alternatives || []).filter((slot) => known.branches.some((one) => one.branch_id === slot.branch_id));
  const heading = h("h2", { id: "step-heading" }, t("slot_taken"));
  fill(
    root,
    flow.progress(3),
    h(
      "section",
      { class: "step", "aria-labelledby": "step-heading", dataset: { step: "taken" } },
      heading,
      h("p", {}, others.length ? t("slot_taken_others") : t("slot_taken_none")),
      h("ul", { class: "choices" }, others.map((slot) => alternative(flow, slot))),
      h("button", { type: "button", class: "secondary", onclick: () => flow.go("time") }, t("other_times")),
    ),
  );
  focusOn(heading);
}

function alternative(flow, slot) {
  const branch = known.branches.find((one) => one.branch_id === slot.branch_id);
  const who = known.everybody.find((one) => one.practitioner_id === slot.practitioner_id);
  const pick = () => {
    choice.branch = branch;
    choice.slot = slot;
    if (choice.practitioner) choice.practitioner = who || null;
    flow.go("person");
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
  known.everybody = await practitioners({ anywhere: true }).catch(() => []);
  const practitioner = known.everybody.find((one) => one.practitioner_id === choice.slot.practitioner_id) || choice.practitioner;
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
        fact(t("fact_where"), choice.service.virtual ? t("online") : [branch.name, ...addressLines(place)].map((line) => h("span", {}, line))),
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
