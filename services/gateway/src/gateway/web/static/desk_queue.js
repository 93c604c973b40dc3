// The queue of the desk's branch, today: who waits, calling the next, and how a number ended.

import { get, once } from "./api.js";
import { announce, dialogue, field, fill, goOnAt, h, option } from "./dom.js";
import { form } from "./forms.js";
import { calmly, looking, redraw } from "./looking.js";
import * as moments from "./moments.js";
import { idOf, nameOf, namesOf, personField } from "./people.js";
import { may } from "./staff.js";
import { t, worded } from "./texts.js";

const CALLING = "vinculo.calls-for";

/** The panel, how to `load` it, and what of the live events it `hears` (true: nothing else has to be drawn anew). */
export function queuePanel(around) {
  const body = h("div", { class: "queue-body" }, h("p", { class: "loading" }, t("loading")));
  const heading = h("h2", { id: "queue-title", tabindex: "-1" }, t("queue_title"));
  const post = once();
  const who = h("select", { id: "queue-who", dataset: { key: "who" }, "aria-label": t("queue_for"), onchange: () => localStorage.setItem(CALLING, who.value) });
  const works = () => may(around().session, "appointments.change");
  const load = looking(
    ask,
    ({ queue, names }) => redraw(body, () => draw(queue, names), heading),
    (problem) => redraw(body, () => fill(body, h("p", { class: "notice is-error" }, problem.text)), heading),
  );

  const reload = calmly(load);

  async function ask() {
    const queue = await get("/queue", { branch_id: around().branch.branch_id });
    return { queue, names: await namesOf([...queue.called, ...queue.waiting].map((one) => one.patient_id)) };
  }

  function draw(queue, names) {
    practitioners();
    fill(
      body,
      h("p", { class: "hint" }, t("queue_counts", { waiting: moments.number(queue.waiting.length), minutes: moments.number(queue.wait_minutes), served: moments.number(queue.served) })),
      works() && h("div", { class: "find" }, who, h("button", { type: "button", class: "primary", dataset: { key: "next" }, disabled: !queue.waiting.length || !who.value, onclick: () => call() }, t("queue_next"))),
      queue.called.length > 0 && h("ul", { class: "tickets", "aria-label": t("queue_called") }, queue.called.map((one) => ticket(one, names))),
      queue.waiting.length > 0 && h("ul", { class: "tickets", "aria-label": t("queue_waits") }, queue.waiting.map((one) => ticket(one, names))),
      works() && h("button", { type: "button", class: "secondary small", dataset: { key: "give" }, onclick: give }, t("queue_give")),
    );
  }

  function practitioners() {
    const { branch, directory, session } = around();
    const chosen = who.value || localStorage.getItem(CALLING) || session.practitioner_id;
    const those = directory.practitionersFor(branch).filter((one) => !session.roles.every((role) => role === "doctor") || one.practitioner_id === session.practitioner_id);
    fill(who, those.map((one) => option(one.practitioner_id, one.name, one.practitioner_id === chosen)));
  }

  function ticket(one, names) {
    const { branch, directory } = around();
    const number = moments.number(one.number);
    const called = one.status === "called";
    const service = directory.service(one.service_id);
    const facts = [
      service && worded(service.name, branch.locale),
      called ? directory.practitioner(one.practitioner_id)?.name : t("queue_wait", { minutes: moments.number(one.wait_minutes) }),
    ];
    const act = (what, label, look, run) => h("button", { type: "button", class: `${look} small`, dataset: { key: `${what}-${one.ticket_id}` }, "aria-label": `${label}: ${number}`, onclick: run }, label);
    return h(
      "li",
      { class: `ticket is-${one.status}`, dataset: { ticket: one.ticket_id } },
      h("strong", { class: "ticket-number" }, number),
      h("div", {}, h("p", {}, one.patient_id ? nameOf(names, one.patient_id) : t("queue_unnamed")), h("p", { class: "hint" }, facts.filter(Boolean).join(" · "))),
      works() &&
        h(
          "div",
          { class: "actions" },
          called && act("served", t("queue_served"), "secondary", () => end(one, "served")),
          !called && who.value && act("call", t("queue_call"), "quiet", () => call(one)),
          act("left", t("queue_left"), "quiet", () => end(one, "left")),
        ),
    );
  }

  function call(one) {
    const order = { branch_id: around().branch.branch_id, practitioner_id: who.value, ticket_id: one?.ticket_id };
    return carry("/queue/call", order, (ticket) => t("queue_called_now", { n: moments.number(ticket.number) }));
  }

  function end(one, outcome) {
    return carry(`/queue/tickets/${one.ticket_id}/${outcome}`, {}, () => t(`queue_done_${outcome}`, { n: moments.number(one.number) }));
  }

  async function give() {
    const { branch, directory } = around();
    const order = await dialogue(t("queue_give"), t("close"), (close) => {
      const person = personField({ optional: true });
      const service = h("select", {}, option("", t("queue_any_service")), directory.servicesAt(branch).map((one) => option(one.service_id, worded(one.name, branch.locale))));
      const value = () => {
        const wanted = person.read();
        return wanted === null ? null : { person: wanted, service_id: service.value || undefined };
      };
      return form(close, value, [h("p", { class: "hint" }, t("queue_give_hint")), person.field, field(t("service"), service)], t("queue_give_now"));
    });
    if (!order) return;
    const patient_id = order.person && (await idOf(order.person).catch(refused));
    if (order.person && !patient_id) return;
    await carry("/queue/tickets", { branch_id: branch.branch_id, service_id: order.service_id, patient_id }, (ticket) => t("queue_given", { n: moments.number(ticket.number) }));
  }

  const refused = (problem) => announce(problem.text, "error");

  async function carry(path, order, said) {
    try {
      announce(said(await post(path, order)), "ok");
    } catch (problem) {
      refused(problem);
    }
    await load();
    goOnAt(body.querySelector('[data-key="next"]:not(:disabled)') || heading);
  }

  function hears({ event }) {
    if (event === "reload" || event.startsWith("ticket.")) reload();
    return event.startsWith("ticket.");
  }

  load();
  return { panel: h("section", { class: "card queue", "aria-labelledby": heading.id }, heading, body), load, hears };
}
