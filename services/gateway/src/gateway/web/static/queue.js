// The queue of a branch: whose turn it is, how long it may take, and drawing a number on the way there.

import { get, once } from "./api.js";
import { $, announce, field, fieldError, fill, focusOn, h, option } from "./dom.js";
import { looking, redraw, watching } from "./looking.js";
import { number } from "./numbers.js";
import { locale, t } from "./texts.js";

const EVERY = 10_000;
const WAITING = ["waiting", "called"];
const root = $("#queue");
const base = `/networks/${root.dataset.network}`;
const query = new URLSearchParams(location.search);
const post = once();
const own = `vinculo queue ${root.dataset.network}`;

const { branches } = await get(`${base}/branches`);
let branch = branches.find((one) => one.branch_id === query.get("branch")) || branches[0];
let called = "";
const refresh = looking(ask, draw, (problem) => announce(problem.text, "error"));

frame();
watching(refresh, EVERY);

function frame() {
  const where = h("select", { onchange: () => choose(where.value) }, branches.map((one) => option(one.branch_id, one.name)));
  where.value = branch.branch_id;
  fill(
    root,
    branches.length > 1 ? field(t("queue_branch"), where) : h("p", { class: "hint" }, branch.name),
    h("section", { class: "card", "aria-labelledby": "queue-now" }, h("h2", { id: "queue-now" }, t("queue_now")), h("div", { id: "called" }), h("p", { id: "waiting", class: "hint" })),
    h("section", { class: "card", id: "mine" }),
  );
}

function choose(branchId) {
  branch = branches.find((one) => one.branch_id === branchId);
  refresh();
}

async function ask() {
  const [board, ticket] = await Promise.all([get(`${base}/queue`, { branch_id: branch.branch_id }), mine()]);
  return { board, ticket };
}

/** The number that was drawn here; whoever cannot be asked about it for a moment takes it from nobody. */
async function mine() {
  const id = sessionStorage.getItem(own);
  if (!id) return null;
  try {
    const ticket = await get(`${base}/queue/tickets/${id}`);
    return WAITING.includes(ticket.status) ? ticket : null;
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

function draw({ board, ticket }) {
  show(board);
  if (ticket) redraw($("#mine"), () => showMine(ticket), $("#queue-now"));
  else {
    sessionStorage.removeItem(own);
    if (!$("form", $("#mine"))) drawForm();
  }
}

function show(board) {
  const numbers = board.called.map((one) => one.number);
  fill($("#called"), numbers.length ? h("p", { class: "queue-numbers" }, numbers.map((one) => h("strong", {}, number(one)))) : h("p", {}, t("queue_nobody_called")));
  $("#waiting").textContent = [t("queue_waiting", { n: number(board.waiting.length) }), t("queue_estimate", { minutes: number(board.wait_minutes) })].join(" · ");
  const now = numbers.join(" ");
  if (called && now !== called && numbers.length) announce(t("queue_called", { n: number(numbers.at(-1)) }), "ok");
  called = now;
}

function showMine(ticket) {
  const turn = ticket.status === "called";
  fill(
    $("#mine"),
    h("h2", { id: "my-number", dataset: { key: "number" } }, t("queue_mine", { n: number(ticket.number) })),
    h("p", { role: "status" }, turn ? t("queue_your_turn") : t("queue_ahead", { n: number(ticket.ahead), minutes: number(ticket.wait_minutes) })),
    !turn && h("button", { type: "button", class: "quiet danger", dataset: { key: "leave" }, onclick: () => leave(ticket.ticket_id) }, t("queue_leave")),
  );
}

function drawForm() {
  const name = h("input", { type: "text", name: "name", autocomplete: "name", maxlength: "120" });
  const phone = h("input", { type: "tel", name: "phone", autocomplete: "tel", inputmode: "tel", maxlength: "32", dir: "ltr" });
  const submit = h("button", { type: "submit", class: "primary" }, t("queue_draw"));
  const trouble = h("div", {});
  fill(
    $("#mine"),
    h("h2", { id: "my-number" }, t("queue_draw_title")),
    h(
      "form",
      {
        class: "form",
        novalidate: true,
        onsubmit: async (event) => {
          event.preventDefault();
          fieldError(name, name.value.trim() ? "" : t("name_missing"));
          fieldError(phone, phone.value.trim() ? "" : t("problem.malformed-phone"));
          const wrong = [name, phone].find((one) => one.getAttribute("aria-invalid"));
          if (wrong) wrong.focus();
          else await take({ full_name: name.value.trim(), phone: phone.value.trim(), locale }, submit, trouble);
        },
      },
      field(t("your_name"), name),
      field(t("your_phone"), phone),
      trouble,
      submit,
    ),
  );
}

async function take(patient, submit, trouble) {
  submit.disabled = true;
  try {
    const ticket = await post(`${base}/queue/tickets`, { branch_id: branch.branch_id, patient });
    sessionStorage.setItem(own, ticket.ticket_id);
    await refresh();
    focusOn($("#my-number"));
  } catch (problem) {
    const phone = problem.body.branch_phone;
    fill(trouble, h("p", { class: "notice is-error", role: "alert" }, phone ? `${problem.text} ${t("or_call", { phone })}` : problem.text));
  } finally {
    submit.disabled = false;
  }
}

async function leave(id) {
  try {
    await post(`${base}/queue/tickets/${id}/leave`, {});
    sessionStorage.removeItem(own);
  } catch (problem) {
    announce(problem.text, "error");
  }
  await refresh();
  focusOn($("#my-number"));
}
