// How money is shown: a bill in a line, what a patient owes, and what came and went for a visit.

import { h } from "./dom.js";
import * as moments from "./moments.js";
import { t } from "./texts.js";

/** Minor units: `open` is what has to be paid yet (below zero: too much was paid), 0 where there is no visit. */
export function billOf({ visit, deposit }) {
  return { paid: visit?.paid?.amount ?? deposit?.paid.amount ?? 0, open: visit?.balance?.amount ?? 0 };
}

/** Whether what was paid waits for the patient: nothing will come of the appointment, or it cost less. */
export const creditOf = (appointment) => {
  const { paid, open } = billOf(appointment);
  return ["cancelled", "noshow"].includes(appointment.status) ? paid : Math.max(0, -open);
};

/** "Paid: 10 000 ₸", and what is open or owed to the patient. */
export function billLine(appointment) {
  const { visit, deposit } = appointment;
  const currency = (visit?.paid || visit?.price || deposit?.paid)?.currency;
  if (!currency) return null;
  const { paid, open } = billOf(appointment);
  const credit = creditOf(appointment);
  const amount = (units) => moments.money({ amount: units, currency });
  return h(
    "span",
    { class: "row-facts bill" },
    paid > 0 && h("span", {}, t(visit ? "paid" : "paid_ahead", { amount: amount(paid) })),
    open > 0 && h("span", { class: "chip is-open" }, t("open", { amount: amount(open) })),
    credit > 0 && h("span", { class: "chip is-taken" }, t("credit", { amount: amount(credit) })),
  );
}

/** What a patient owes and is owed; "unknown" where booking does not say, which is not "nothing". */
export function balanceLines(balances) {
  if (balances === undefined) return null;
  if (balances === null) return h("p", { class: "balance" }, h("span", { class: "chip is-open" }, t("balance_unknown")));
  return balances.map(({ currency, owes, overdue, credit, deposits }) => {
    const amount = (units) => moments.money({ amount: units, currency });
    return (
      (owes > 0 || credit > 0 || deposits > 0) &&
      h(
        "p",
        { class: "balance" },
        owes > 0 && h("span", { class: `chip is-${overdue === owes ? "alert" : "open"}` }, t("owes", { amount: amount(owes) })),
        overdue > 0 && overdue < owes && h("span", { class: "chip is-alert" }, t("overdue_sum", { amount: amount(overdue) })),
        credit > 0 && h("span", { class: "chip is-taken" }, t("credit", { amount: amount(credit) })),
        deposits > 0 && h("span", { class: "chip is-ok" }, t("paid_ahead", { amount: amount(deposits) })),
      )
    );
  });
}

/** Everything that came and went for an appointment, in order; `undo(payment)` is offered where it is possible. */
export function ledger({ visit, deposit }, zone, undo) {
  const { payments = [], refunds = [] } = visit || deposit || {};
  const undone = new Set([...payments, ...refunds].map((one) => one.reverses));
  const lines = [...payments.map((one) => ({ ...one, sign: "+" })), ...refunds.map((one) => ({ ...one, sign: "−" }))].sort((one, other) => one.paid_at.localeCompare(other.paid_at));
  return h(
    "ul",
    { class: "ledger" },
    lines.map((one) =>
      h(
        "li",
        {},
        h("span", { class: "ledger-sum" }, h("bdi", {}, `${one.sign}${moments.money(one.amount)}`)),
        h("span", { class: "hint" }, [moments.dateAndTime(one.paid_at, zone), t(`entry_${one.kind}`), one.kind !== "moved" && t(`method_${one.method}`), one.reason].filter(Boolean).join(" · ")),
        undo && ["payment", "refund"].includes(one.kind) && !undone.has(one.payment_id) &&
          h("button", { type: "button", class: "quiet small", "aria-label": `${t("act_undo")}: ${moments.money(one.amount)}`, onclick: () => undo(one) }, t("act_undo")),
      ),
    ),
    (visit?.instalments || []).map((one) => h("li", {}, h("span", { class: "ledger-sum" }, moments.money({ amount: one.amount, currency: visit.price.currency })), h("span", { class: "hint" }, t("due_by", { day: moments.shortDate(one.due_on) })))),
  );
}
