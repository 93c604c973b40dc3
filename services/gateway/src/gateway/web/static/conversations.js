// Conversations in which a patient waits for a person: the list, and one of them opened.

import { get, once } from "./api.js";
import { author, pane, partner } from "./conversation.js";
import { $, announce, field, fill, focusOn, goOnAt, h, option } from "./dom.js";
import { follow } from "./live.js";
import { calmly, later, looking, redraw } from "./looking.js";
import * as moments from "./moments.js";
import { begin, may, toLogin } from "./staff.js";
import { spoken, t } from "./texts.js";

const LONGEST = 120;

/** Nothing tells that an answer has arrived: while it is on its way, the page looks again, in milliseconds. */
const PAUSE = 3_000;
const FRESH = 120_000;
const ON_ITS_WAY = ["planned", "sending", "accepted"];

const root = $("#page");
const query = new URLSearchParams(location.search);
const post = once();
const began = await begin("conversations.work");
const state = { open: true, chosen: query.get("id"), draw: null };
const load = looking(
  () => Promise.all([get("/conversations", { open: state.open }), opened(), may(began.session, "tasks.read") ? get("/tasks", { limit: 500 }) : { tasks: [] }]),
  draw,
  (problem) => announce(problem.text, "error"),
);
const reload = calmly(load);
const lookAgain = later(load);

if (began) {
  frame();
  await chooseByTask();
  load();
  follow({ onchange: (event) => /^(reload|conversation\.changed|task)/.test(event.event) && reload(), onstate: () => {}, onover: toLogin });
}

function frame() {
  const which = h("select", { onchange: () => set({ open: which.value === "open" }) }, [option("open", t("conversations_open")), option("others", t("conversations_others"))]);
  const section = h("section", { id: "conversation", class: "card", "aria-labelledby": "conversation-title", hidden: true });
  state.draw = pane(section, { ...began, act });
  fill(
    root,
    h("h1", { id: "conversations-title" }, t("section_conversations")),
    h("div", { class: "toolbar" }, field(t("show"), which)),
    h("div", { class: "conversations" }, h("div", { id: "waiting", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading"))), section),
  );
}

/** A task leads here by its own id. */
async function chooseByTask() {
  const task = query.get("task");
  if (!task) return;
  try {
    const { conversation } = await get(`/conversations/of-task/${encodeURIComponent(task)}`);
    state.chosen = conversation.conversation_id;
  } catch (problem) {
    announce(problem.text, "error");
  }
}

function set(change) {
  Object.assign(state, change);
  load();
}

function draw([{ conversations, names, unavailable }, shown, { tasks }]) {
  redraw($("#waiting"), () => list(conversations, names), $("#conversations-title"));
  state.draw(shown, tasks.find((one) => one.task_id === shown?.conversation.task_id));
  if (shown?.lines.some(onItsWay)) lookAgain(PAUSE);
  else if (unavailable.length || shown?.unavailable.length) lookAgain();
}

function list(conversations, names) {
  fill($("#waiting"), conversations.length ? h("ul", { class: "tasks" }, conversations.map((one) => item(one, names))) : h("p", { class: "empty-day" }, t(state.open ? "no_conversations" : "no_other_conversations")));
}

const onItsWay = (line) => author(line) === "staff" && ON_ITS_WAY.includes(line.outcome) && Date.parse(moments.now()) - Date.parse(line.at) < FRESH;

/** The one that is open; one that is gone, or another branch's by now, does not keep the others from being shown. */
async function opened() {
  if (!state.chosen) return null;
  try {
    return await get(`/conversations/${encodeURIComponent(state.chosen)}`);
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    state.chosen = null;
    announce(problem.text, "error");
    return null;
  }
}

function item(one, names) {
  const branch = began.directory.branch(one.branch_id);
  const words = (one.last?.text.split("\n")[0] || "").slice(0, LONGEST);
  const who = partner(one, names);
  const since = one.waiting_since && t("waits_since", { when: moments.dateAndTime(one.waiting_since, (branch || began.directory.branches[0])?.zone || "UTC") });
  return h(
    "li",
    { class: `card task${one.conversation_id === state.chosen ? " is-chosen" : ""}`, dataset: { key: `row-${one.conversation_id}`, conversation: one.conversation_id } },
    h(
      "div",
      {},
      h("h2", {}, who),
      one.last && h("p", {}, h("span", { class: "hint" }, `${t(`author_${author(one.last)}`)}: `), h("bdi", {}, words)),
      h("p", { class: "hint" }, [spoken("channel", one.channel), branch?.name, since].filter(Boolean).join(" · ")),
    ),
    one.waiting_since && h("p", {}, h("span", { class: "chip is-alert" }, t("waits_for_answer"))),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "button", class: "secondary small", dataset: { key: one.conversation_id }, "aria-label": `${t("open_conversation")}: ${who}: ${words.slice(0, 60)}`, "aria-current": one.conversation_id === state.chosen ? "true" : null, onclick: () => choose(one.conversation_id) }, t("open_conversation")),
    ),
  );
}

async function choose(id) {
  state.chosen = id;
  query.delete("task");
  query.set("id", id);
  history.replaceState(null, "", `?${query}`);
  announce("");
  await load();
  focusOn($("#conversation-title"));
}

/** Whether it was carried out; the keyboard then goes on at `next`. */
async function act(path, body, done, next) {
  let carriedOut = false;
  try {
    await post(path, body);
    carriedOut = true;
    announce(t(done), "ok");
  } catch (problem) {
    announce(problem.text, "error");
  }
  await load();
  if (carriedOut) goOnAt($(next));
  return carriedOut;
}
