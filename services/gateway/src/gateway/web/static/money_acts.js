// What is done with the money of an appointment: the dialogues that an act needs, and the acts.
//
// `place` is where it is done: { directory, zone, branch, changed(text, kind, appointmentId) }; the till is the branch's,
// or where that is not known the visit's.

import { once } from "./api.js";
import { announce, dialogue, field, fieldError, h, option } from "./dom.js";
import { amountInput, choice, form, reasonInput } from "./forms.js";
import { billOf } from "./money_parts.js";
import * as moments from "./moments.js";
import { t, worded } from "./texts.js";

const post = once();
const MOST_PARTS = 24;

const METHODS = ["cash", "card", "transfer", "other"];
const methods = () => choice(t("method"), METHODS.map((one) => [one, t(`method_${one}`)]));
const hintOf = (place, appointment) => h("p", { class: "hint" }, moments.dateAndTime(appointment.starts_at, place.zone));

/** Carry it out under the version that is on the screen, so that two desks never take one bill twice. */
async function settle(place, appointment, what, body) {
  announce(t("working"));
  try {
    await post(`/visits/${appointment.id}/${what}`, { if_version: appointment.version, ...body });
    await place.changed(t(`done_${what.split("/").at(-1)}`), "ok", appointment.id);
  } catch (problem) {
    await place.changed(problem.text, problem.code === "version-conflict" ? "warn" : "error", appointment.id);
  }
}

/** What ends a visit: its price where that is another than usual, and what is paid at once. */
export function completing(place, appointment) {
  const { currency } = place.directory.network;
  const usual = place.directory.service(appointment.service_id)?.price?.amount;
  const ahead = billOf(appointment).paid;
  return dialogue(t("complete_title"), t("close"), (close) => {
    const price = amountInput(t("price", { currency }), currency, { value: usual, optional: true });
    const why = reasonInput(t("price_reason"), { hint: t("price_reason_hint"), optional: true });
    const amount = amountInput(t("amount", { currency }), currency, { value: usual === undefined ? undefined : Math.max(0, usual - ahead), hint: t("amount_hint"), optional: true });
    const method = methods();
    const value = () => {
      const [asked, paid] = [price.read(), amount.read()];
      if (asked === null || paid === null) return null;
      const other = asked !== undefined && asked !== usual;
      const needsReason = other && usual !== undefined && !why.read();
      fieldError(why.input, needsReason ? t("reason_missing") : "");
      if (needsReason) return null;
      return {
        ...(other ? { price: { amount: asked, currency }, price_reason: why.read() } : {}),
        ...(paid === undefined ? {} : { paid: { amount: paid, currency, method: method.read() } }),
      };
    };
    return form(close, value, [hintOf(place, appointment), price.field, why.field, ahead > 0 && h("p", { class: "hint" }, t("paid_ahead", { amount: moments.money({ amount: ahead, currency }) })), amount.field, method.field], t("complete_title"));
  });
}

export async function pay(place, appointment) {
  const { currency } = place.directory.network;
  const { open } = billOf(appointment);
  const title = appointment.visit ? t("pay_title") : t("deposit_title");
  const paid = await dialogue(title, t("close"), (close) => {
    const amount = amountInput(t("amount", { currency }), currency, { value: open > 0 ? open : undefined });
    const method = methods();
    const value = () => {
      const units = amount.read();
      return units === null ? null : { amount: units, currency, method: method.read() };
    };
    return form(close, value, [hintOf(place, appointment), amount.field, method.field], title);
  });
  if (paid) await settle(place, appointment, "payments", { paid, branch_id: place.branch?.branch_id });
}

export async function refund(place, appointment) {
  const { currency } = place.directory.network;
  const bill = billOf(appointment);
  const body = await dialogue(t("refund_title"), t("close"), (close) => {
    const most = t("refund_most", { amount: moments.money({ amount: bill.paid, currency }) });
    const amount = amountInput(t("amount", { currency }), currency, { hint: most });
    const method = methods();
    const reason = reasonInput(t("reason"), { hint: t("correct_hint") });
    const lowers = h("input", { type: "checkbox", id: "lowers-price" });
    const value = () => {
      const [units, why] = [amount.read(), reason.read()];
      if (!units || why === null) return null;
      return { amount: units, currency, method: method.read(), reason: why, lowers_price: lowers.checked };
    };
    const priced = appointment.visit && h("label", { class: "check", for: "lowers-price" }, lowers, h("span", {}, t("lowers_price")));
    return form(close, value, [hintOf(place, appointment), amount.field, method.field, reason.field, priced], t("act_refund"));
  });
  if (body) await settle(place, appointment, "refunds", { ...body, branch_id: place.branch?.branch_id });
}

export async function undo(place, appointment, payment) {
  const reason = await dialogue(t("undo_title"), t("close"), (close) => {
    const why = reasonInput(t("reason"), { hint: t("undo_hint") });
    return form(close, why.read, [h("p", {}, moments.money(payment.amount)), why.field], t("act_undo"));
  });
  if (reason) await settle(place, appointment, `payments/${payment.payment_id}/reverse`, { reason });
}

/** `others` are appointments that the money could pay for. */
export async function moveCredit(place, appointment, others) {
  const named = (one) => [moments.dateAndTime(one.starts_at, place.zone), worded(place.directory.service(one.service_id)?.name)].join(" · ");
  const target = await dialogue(t("move_credit_title"), t("close"), (close) => {
    const to = choice(t("move_credit_to"), others.map((one) => [one.id, named(one)]));
    return form(close, to.read, [hintOf(place, appointment), to.field], t("act_move-credit"));
  });
  if (target) await settle(place, appointment, "move-credit", { to_visit_id: target });
}

/** Equal parts of what is open, a month apart, each to be changed. */
export async function instalments(place, appointment) {
  const { currency } = place.directory.network;
  const { open } = billOf(appointment);
  const today = moments.dayOf(moments.now(), place.zone);
  const body = await dialogue(t("instalments_title"), t("close"), (close) => {
    const host = h("div", { class: "form" });
    const sum = h("p", { class: "field-error", role: "alert", hidden: true });
    const number = h("select", { onchange: () => draw(Number(number.value)) }, [2, 3, 4, 6, 10, 12, MOST_PARTS].map((one) => option(one, moments.number(one), one === 3)));
    let rows = [];
    const draw = (count) => {
      const part = Math.floor(open / count);
      rows = Array.from({ length: count }, (_, index) => ({
        day: h("input", { type: "date", required: true, min: today, value: moments.plusDays(today, 30 * (index + 1)) }),
        amount: amountInput(t("amount", { currency }), currency, { value: index + 1 < count ? part : open - part * (count - 1) }),
      }));
      host.replaceChildren(...rows.map((row) => h("div", { class: "grid" }, field(t("due_on"), row.day), row.amount.field)));
    };
    draw(3);
    const value = () => {
      const parts = rows.map((row) => ({ due_on: row.day.value, amount: row.amount.read() }));
      if (parts.some((part) => part.amount === null || !part.due_on)) return null;
      const total = parts.reduce((all, part) => all + part.amount, 0);
      sum.hidden = total === open;
      sum.textContent = t("instalments_sum", { sum: moments.money({ amount: total, currency }), open: moments.money({ amount: open, currency }) });
      return total === open ? { instalments: parts } : null;
    };
    return form(close, value, [h("p", {}, t("owes", { amount: moments.money({ amount: open, currency }) })), field(t("instalments_number"), number), host, sum], t("save"));
  });
  if (body) await settle(place, appointment, "instalments", body);
}
