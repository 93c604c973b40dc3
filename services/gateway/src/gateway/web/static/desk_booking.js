// Booking at the desk: a visit or a series, a time that is held meanwhile, and a taken one that is shared on purpose.

import { once } from "./api.js";
import { dialogue, field, fill, focusOn, h, option } from "./dom.js";
import { holding } from "./desk_hold.js";
import { repeating, seriesResult } from "./desk_series.js";
import { slotButtons, times, when } from "./desk_times.js";
import { reasonInput } from "./forms.js";
import * as moments from "./moments.js";
import { idOf, patientFields } from "./people.js";
import { may } from "./staff.js";
import { t, worded } from "./texts.js";

/**
 * `known` is a card, or what was typed into the search so far. `wish` may name a `service_id`, `service_kind`,
 * `practitioner_id`, and the `referral_id` that the visit is for.
 */
export async function book(around, known, wish = {}) {
  const hold = holding();
  const made = await dialogue(t(wish.referral_id ? "book_referral_title" : "book_title"), t("close"), (close) => new Booking(around, known, wish, hold, close).form);
  hold.release();
  if (made?.appointment) await around.changed(t("done_book", { when: when(around, made.appointment) }), "ok", made.appointment.id);
  if (made?.series) await around.changed(t("done_series", { n: moments.number(made.series) }), "ok");
}

export async function walkIn(around, known) {
  const sent = once();
  const made = await dialogue(t("walk_in_title"), t("close"), (close) => {
    const patient = patientFields(known);
    const trouble = h("div", { "aria-live": "assertive" });
    const place = placeFields(around, {}, { any: false });
    const onsubmit = async (event) => {
      event.preventDefault();
      const person = patient.read();
      if (!person) return;
      try {
        close(await sent("/visits", { ...person, ...place.read(), branch_id: around.branch.branch_id }));
      } catch (problem) {
        fill(trouble, h("p", { class: "notice is-error", role: "alert" }, problem.text));
      }
    };
    return h("form", { class: "form", novalidate: true, onsubmit }, patient.fields, place.fields, trouble, h("button", { type: "submit", class: "primary" }, t("walk_in_now")));
  });
  if (made) await around.changed(t("done_walk_in"), "ok", made.appointment.id);
}

/** What is wanted and by whom; `onchange` where one of both has changed. */
function placeFields({ directory, branch }, wish, { any, onchange = () => {} }) {
  const fits = (one) => (!wish.service_id || one.service_id === wish.service_id) && (!wish.service_kind || one.kind === wish.service_kind);
  const services = directory.servicesAt(branch).filter(fits);
  const service = h("select", {}, services.map((one) => option(one.service_id, worded(one.name, branch.locale))));
  const who = h("select", { onchange });
  const possible = () => {
    const those = directory.practitionersFor(branch, directory.service(service.value));
    fill(who, any && option("", t("any_practitioner")), those.map((one) => option(one.practitioner_id, one.name, one.practitioner_id === wish.practitioner_id)));
  };
  service.addEventListener("change", () => {
    possible();
    onchange();
  });
  possible();
  return {
    fields: h("div", { class: "grid" }, field(t("service"), service), field(t("practitioner"), who)),
    read: () => ({ service_id: service.value, practitioner_id: who.value }),
  };
}

/** The form of one booking, from the patient to the time; `close` ends its dialogue. */
class Booking {
  constructor(around, known, wish, hold, close) {
    Object.assign(this, { around, wish, hold, close, sent: once() });
    this.patient = patientFields(known);
    this.place = placeFields(around, wish, { any: true, onchange: () => this.choose() });
    this.repeat = wish.referral_id ? null : repeating();
    this.keep = h("input", { type: "checkbox" });
    this.host = h("div", { class: "times" });
    this.trouble = h("div", { class: "trouble", "aria-live": "assertive" });
    this.form = h(
      "form",
      { class: "form", novalidate: true, onsubmit: (event) => event.preventDefault() },
      this.patient.fields,
      this.place.fields,
      this.repeat?.fields,
      h("label", { class: "check" }, this.keep, h("span", {}, t("hold_first"))),
      this.trouble,
      this.host,
      may(around.session, "appointments.overbook") && this.taken(),
    );
    this.choose();
  }

  choose() {
    const { service_id, practitioner_id } = this.place.read();
    times(this.host, this.around, { service_id, practitioner_id }, (slot) => this.pick(slot), this.around.day);
  }

  /** A time that nobody is offered, by managers. */
  taken() {
    const day = h("input", { type: "date", value: this.around.day || moments.dayOf(moments.now(), this.around.branch.zone) });
    const time = h("input", { type: "time", value: "10:00" });
    const onclick = () => this.pick({ practitioner_id: this.place.read().practitioner_id, starts_at: moments.instantAt(day.value, time.value, this.around.branch.zone) });
    return h(
      "details",
      { class: "rest" },
      h("summary", {}, t("taken_time")),
      h("div", { class: "form" }, h("p", { class: "hint" }, t("taken_time_hint")), h("div", { class: "grid" }, field(t("day"), day), field(t("column_time"), time)), h("button", { type: "button", class: "secondary", onclick }, t("book"))),
    );
  }

  async pick({ practitioner_id, starts_at }) {
    const person = this.patient.read();
    if (!person) return;
    fill(this.trouble);
    if (!practitioner_id) {
      this.say(t("choose_practitioner"));
      return;
    }
    const order = { service_id: this.place.read().service_id, branch_id: this.around.branch.branch_id, practitioner_id, starts_at };
    const series = this.repeat?.read();
    if (series === null) return;
    try {
      if (series) await this.series(person, { ...order, ...series });
      else if (this.keep.checked) await this.held(person, order);
      else await this.book({ ...person, ...order });
    } catch (problem) {
      this.refused(problem, person, order);
    }
  }

  async book(order) {
    this.close(await this.sent("/appointments", { source: "desk", ...order, ...(this.wish.referral_id ? { referral_id: this.wish.referral_id } : {}) }));
  }

  async held(person, order) {
    const record = await this.hold.take({ ...person, ...order });
    const taken = () => this.book({ ...order, patient_id: record.patient_id, hold_id: record.id }).then(this.hold.used, (problem) => this.refused(problem, person, order));
    const back = async () => {
      await this.hold.release();
      fill(this.trouble);
      this.choose();
    };
    fill(this.host);
    fill(this.trouble, this.hold.panel(when(this.around, order), { taken, back }));
    focusOn(this.trouble.querySelector("button"));
  }

  async series(person, order) {
    const patient_id = await idOf(person);
    const done = await this.sent("/series", { ...order, patient_id, source: "desk" });
    const again = (slot) => this.sent("/appointments", { patient_id, service_id: order.service_id, branch_id: slot.branch_id, practitioner_id: slot.practitioner_id, starts_at: slot.starts_at, source: "desk" });
    fill(this.form, seriesResult(this.around, done, again, (n) => this.close({ series: n })));
    focusOn(this.form.querySelector("h3"));
  }

  say(text) {
    fill(this.trouble, h("p", { class: "notice is-error", role: "alert" }, text));
    this.trouble.scrollIntoView({ block: "nearest" });
  }

  /** What could be had instead; and, for managers, the way to share a taken time all the same. */
  refused(problem, person, order) {
    this.say(problem.text);
    const taken = problem.code === "slot-taken";
    if (taken) this.choose();
    const others = problem.body.alternatives || [];
    this.trouble.append(
      ...[
        others.length > 0 && h("p", { class: "hint" }, t("instead")),
        others.length > 0 && slotButtons(this.around, others.slice(0, 4), (slot) => this.pick(slot)),
        taken && may(this.around.session, "appointments.overbook") && !this.keep.checked && this.beside({ ...person, ...order }),
      ].filter(Boolean),
    );
  }

  beside(order) {
    const reason = reasonInput(t("overbook_reason"), { hint: t("overbook_hint") });
    const onclick = async () => {
      const overbook_reason = reason.read();
      if (!overbook_reason) return;
      try {
        await this.book({ ...order, overbook_reason });
      } catch (problem) {
        this.say(problem.text);
      }
    };
    return h("div", { class: "form group" }, reason.field, h("button", { type: "button", class: "primary danger", onclick }, t("overbook")));
  }
}
