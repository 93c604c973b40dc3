// What came of a call about a visit: asked for in a dialogue, and what follows from it.

import { dialogue, field, fieldError, h } from "./dom.js";
import { choice, form } from "./forms.js";
import { may } from "./staff.js";
import { t } from "./texts.js";

/** What each result does to the visit; `other` leaves it as it is. */
const ORDERS = {
  confirmed: (appointment) => [`/appointments/${appointment.id}/confirm`, {}],
  cancelled: (appointment) => [`/appointments/${appointment.id}/cancel`, { reason: "patient_asked" }],
  other: () => null,
};

export const confirmation = (appointment, task, session) => orders({ result: "confirmed", outcome: t("call_result_confirmed") }, appointment, workable(task, session));

/** The orders that follow, as `[path, body]`, in turn; null where the dialogue was left. */
export async function outcomeOf(appointment, task, { name, session }) {
  const own = workable(task, session);
  const results = Object.keys(ORDERS).filter((one) => (one === "other" ? own : may(session, "appointments.change")));
  const answer = await dialogue(`${t("call_outcome")}: ${name}`, t("close"), (close) => {
    const result = choice(t("call_result"), results.map((one) => [one, t(`call_result_${one}`)]));
    const words = h("textarea", { maxlength: "500", dir: "auto" });
    const value = () => {
      const missing = result.read() === "other" && !words.value.trim();
      fieldError(words, missing ? t("fill_this_in") : "");
      if (missing) words.focus();
      return missing ? null : { result: result.read(), outcome: words.value.trim() || t(`call_result_${result.read()}`) };
    };
    return form(close, value, [result.field, own && field(t("outcome"), words, { hint: t("call_outcome_hint") })], t("save"));
  });
  return answer && orders(answer, appointment, own);
}

const workable = (task, session) => (task && may(session, "tasks.work") ? task : null);

function orders({ result, outcome }, appointment, task) {
  return [ORDERS[result](appointment), task && [`/tasks/${task.task_id}/done`, { outcome }]].filter(Boolean);
}
