// The money of one visit on a patient's page: its bill, its ledger, and what can be done about it.

import { h } from "./dom.js";
import * as money from "./money_acts.js";
import { billLine, billOf, creditOf, ledger } from "./money_parts.js";
import { may } from "./staff.js";
import { t } from "./texts.js";

const PAYABLE = ["booked", "confirmed", "arrived", "displaced", "fulfilled"];

/** `place` as in money_acts.js, with the session; `all` are the patient's appointments. */
export function moneyOf(appointment, place, all) {
  const cashier = may(place.session, "payments.record");
  const entered = (appointment.visit || appointment.deposit)?.payments?.length > 0;
  const { paid, open } = billOf(appointment);
  const others = all.filter((one) => one.id !== appointment.id && PAYABLE.includes(one.status));
  const act = (name, run) => h("button", { type: "button", class: "quiet small", dataset: { act: name }, onclick: run }, t(`act_${name}`));
  const acts = [
    cashier && PAYABLE.includes(appointment.status) && act("pay", () => money.pay(place, appointment)),
    may(place.session, "payments.refund") && paid > 0 && act("refund", () => money.refund(place, appointment)),
    cashier && open > 0 && act("instalments", () => money.instalments(place, appointment)),
    cashier && creditOf(appointment) > 0 && others.length > 0 && act("move-credit", () => money.moveCredit(place, appointment, others)),
  ].filter(Boolean);
  return [
    billLine(appointment),
    (entered || acts.length > 0) &&
      h(
        "details",
        { class: "bill-more", dataset: { bill: appointment.id } },
        h("summary", {}, t("money")),
        ledger(appointment, place.zone, cashier && ((payment) => money.undo(place, appointment, payment))),
        h("div", { class: "actions" }, acts),
      ),
  ];
}
