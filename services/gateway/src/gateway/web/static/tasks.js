// The queue of things that a person has to do: take one, and say how it ended.

import { get, once } from "./api.js";
import { $, announce, dialogue, field, fill, goOnAt, h, option } from "./dom.js";
import { follow } from "./live.js";
import { calmly, looking, redraw } from "./looking.js";
import * as moments from "./moments.js";
import { begin, may, toLogin } from "./staff.js";
import { spoken, t } from "./texts.js";

const root = $("#page");
const post = once();
const began = await begin("tasks.read");
const filter = { status: "", branch: "" };
const load = looking(
  () => get("/tasks", { status: filter.status, branch_id: filter.branch }),
  ({ tasks }) => redraw($("#queue"), () => draw(tasks), $("#tasks-title")),
  (problem) => announce(problem.text, "error"),
);

if (began) {
  frame();
  const reload = calmly(load);
  load();
  follow({ onchange: (event) => (event.event === "reload" || event.event?.startsWith("task")) && reload(), onstate: () => {}, onover: toLogin });
}

function frame() {
  const { directory } = began;
  const status = h("select", { onchange: () => set({ status: status.value }) }, [option("", t("tasks_not_done")), ...["open", "taken", "done"].map((one) => option(one, t(`task_${one}`)))]);
  const branch = h("select", { onchange: () => set({ branch: branch.value }) }, [option("", t("all_branches")), ...directory.branches.map((one) => option(one.branch_id, one.name))]);
  fill(
    root,
    h("h1", { id: "tasks-title" }, t("section_tasks")),
    h("div", { class: "toolbar" }, field(t("task_status"), status), field(t("branch"), branch)),
    h("div", { id: "queue", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading"))),
  );
}

function set(change) {
  Object.assign(filter, change);
  load();
}

function draw(tasks) {
  fill($("#queue"), tasks.length ? h("ul", { class: "tasks" }, tasks.map(item)) : h("p", { class: "empty-day" }, t("no_tasks")));
}

function item(task) {
  const { directory, session } = began;
  const branch = directory.branch(task.branch_id);
  const late = task.status !== "done" && Date.parse(task.due_at) < Date.parse(moments.now());
  const kind = t(`kind_${task.kind}`);
  const key = (what) => ({ dataset: { key: `${what}-${task.task_id}` } });
  return h(
    "li",
    { class: "card task", dataset: { key: task.task_id, task: task.task_id } },
    h(
      "div",
      {},
      h("h2", {}, kind),
      h("p", {}, spoken("why", task.reason)),
      h("p", { class: "hint" }, [branch?.name, t("due", { when: moments.dateAndTime(task.due_at, branch?.zone || "UTC") })].filter(Boolean).join(" · ")),
      task.outcome && h("p", { class: "hint" }, task.outcome),
    ),
    h("p", {}, h("span", { class: `chip is-${task.status}` }, t(`task_${task.status}`)), late && h("span", { class: "chip is-alert" }, t("overdue"))),
    h(
      "div",
      { class: "actions" },
      task.kind === "handover" && may(session, "conversations.work") && h("a", { class: "button secondary small", ...key("conversation"), href: `/conversations?task=${task.task_id}` }, t("section_conversations")),
      task.patient_id && may(session, "patients.read") && h("a", { class: "button quiet small", ...key("patient"), href: `/patients/${task.patient_id}` }, t("patient")),
      may(session, "tasks.work") && task.status === "open" && h("button", { type: "button", class: "secondary small", ...key("take"), "aria-label": `${t("take")}: ${kind}`, onclick: () => act(task, "take") }, t("take")),
      may(session, "tasks.work") && task.status !== "done" && h("button", { type: "button", class: "primary small", ...key("done"), "aria-label": `${t("done")}: ${kind}`, onclick: () => finish(task) }, t("done")),
    ),
  );
}

async function finish(task) {
  const outcome = await dialogue(t("finish_title"), t("close"), (close) => {
    const text = h("textarea", { maxlength: "500" });
    return h(
      "form",
      {
        class: "form",
        onsubmit: (event) => {
          event.preventDefault();
          close({ outcome: text.value.trim() });
        },
      },
      field(t("outcome"), text),
      h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, t("done"))),
    );
  });
  if (outcome) await act(task, "done", outcome);
}

async function act(task, what, body = {}) {
  try {
    await post(`/tasks/${task.task_id}/${what}`, body);
    announce(t(`task_${what === "take" ? "taken" : "done"}_now`), "ok");
  } catch (problem) {
    announce(problem.text, "error");
  }
  await load();
  goOnAt(document.querySelector(`[data-task="${CSS.escape(task.task_id)}"] button`) || $("#tasks-title"));
}
