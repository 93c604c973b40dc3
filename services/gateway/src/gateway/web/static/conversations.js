// Conversations in which a patient waits for a person: the list, the transcript, an answer, and back to automation.

import { get, once } from "./api.js";
import { $, announce, field, fill, focusOn, h, option } from "./dom.js";
import { follow } from "./live.js";
import * as moments from "./moments.js";
import { begin, may, toLogin } from "./staff.js";
import { spoken, t } from "./texts.js";

const root = $("#page");
const query = new URLSearchParams(location.search);
const post = once();
const began = await begin("conversations.work");
const state = { open: true, chosen: query.get("id"), shown: null };
let asked = 0;

if (began) {
  frame();
  await chooseByTask();
  load();
  follow({ onchange: (event) => (event.event === "reload" || event.event === "conversation.changed") && load(), onstate: () => {}, onover: toLogin });
}

function frame() {
  const which = h("select", { onchange: () => set({ open: which.value === "open" }) }, [option("open", t("conversations_open")), option("others", t("conversations_others"))]);
  fill(
    root,
    h("h1", { id: "conversations-title" }, t("section_conversations")),
    h("div", { class: "toolbar" }, field(t("show"), which)),
    h(
      "div",
      { class: "conversations" },
      h("div", { id: "waiting", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading"))),
      h("section", { id: "conversation", "aria-labelledby": "conversation-title", hidden: true }),
    ),
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

async function load() {
  const mine = (asked += 1);
  try {
    const [{ conversations }, shown] = await Promise.all([
      get("/conversations", { open: state.open }),
      state.chosen ? get(`/conversations/${encodeURIComponent(state.chosen)}`) : null,
    ]);
    if (mine !== asked) return;
    fill($("#waiting"), conversations.length ? h("ul", { class: "tasks" }, conversations.map(item)) : h("p", { class: "empty-day" }, t("no_conversations")));
    draw(shown);
  } catch (problem) {
    if (mine === asked) announce(problem.text, "error");
  }
}

function item(one) {
  const branch = began.directory.branch(one.branch_id);
  const words = one.last?.text.split("\n")[0] || "";
  return h(
    "li",
    { class: `card task${one.conversation_id === state.chosen ? " is-chosen" : ""}`, dataset: { conversation: one.conversation_id } },
    h(
      "div",
      {},
      h("h2", {}, spoken("channel", one.channel)),
      h("p", { dir: "auto" }, words.slice(0, 120)),
      h("p", { class: "hint" }, [branch?.name, one.waiting_since && t("waits", { minutes: moments.number(waited(one)) })].filter(Boolean).join(" · ")),
    ),
    one.waiting_since && h("p", {}, h("span", { class: "chip is-alert" }, t("waits_for_answer"))),
    h("div", { class: "actions" }, h("button", { type: "button", class: "secondary small", "aria-label": `${t("open_conversation")}: ${words.slice(0, 60)}`, onclick: () => choose(one.conversation_id) }, t("open_conversation"))),
  );
}

const waited = (one) => Math.max(0, Math.round((Date.parse(moments.now()) - Date.parse(one.waiting_since)) / 60_000));

async function choose(id) {
  state.chosen = id;
  query.delete("task");
  query.set("id", id);
  history.replaceState(null, "", `?${query}`);
  await load();
  focusOn($("#conversation-title"));
}

function draw(shown) {
  const section = $("#conversation");
  section.hidden = !shown;
  if (!shown) return;
  const { conversation, lines } = shown;
  const same = state.shown?.conversation.conversation_id === conversation.conversation_id;
  const written = same ? $("#answer")?.value || "" : "";
  const focused = document.activeElement?.id === "answer";
  state.shown = shown;
  fill(
    section,
    h("h2", { id: "conversation-title" }, `${spoken("channel", conversation.channel)} · ${t(conversation.open ? "person_answers" : "automation_answers")}`),
    h("p", { class: "actions" }, conversation.patient_ids.filter(() => may(began.session, "patients.read")).map((id) => h("a", { class: "button quiet small", href: `/patients/${id}` }, t("patient")))),
    h("ol", { class: "transcript", tabindex: "0", "aria-label": t("transcript") }, lines.map(line)),
    answerForm(conversation, written),
  );
  const transcript = $(".transcript", section);
  transcript.scrollTop = transcript.scrollHeight;
  if (focused) $("#answer")?.focus();
}

function line(one) {
  const branch = began.directory.branch(state.shown?.conversation.branch_id) || began.directory.branches[0];
  const who = one.author.startsWith("staff:") ? "staff" : one.author;
  return h(
    "li",
    { class: `line is-${who}` },
    h("p", { dir: "auto" }, one.text.split("\n").flatMap((each) => [each, h("br")]).slice(0, -1)),
    h("p", { class: "hint" }, [t(`author_${who}`), moments.dateAndTime(one.at, branch?.zone || "UTC"), one.outcome && t(`message_${one.outcome}`)].filter(Boolean).join(" · ")),
  );
}

function answerForm(conversation, written) {
  const closed = conversation.answer_until && Date.parse(conversation.answer_until) <= Date.parse(moments.now());
  if (closed) return h("p", { class: "notice" }, t("window_closed"));
  const text = h("textarea", { id: "answer", maxlength: "1000", rows: 3, required: true, dir: "auto" });
  text.value = written;
  const send = (event) => {
    event.preventDefault();
    if (text.value.trim()) act(`/conversations/${conversation.conversation_id}/messages`, { text: text.value.trim() }, "said_now");
  };
  text.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && send(event));
  return h(
    "form",
    { class: "form", onsubmit: send },
    field(t("answer"), text, { hint: t("answer_hint") }),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "submit", class: "primary" }, t("send")),
      conversation.open && h("button", { type: "button", class: "secondary", onclick: () => act(`/conversations/${conversation.conversation_id}/resume`, {}, "resumed_now") }, t("resume_automation")),
    ),
  );
}

async function act(path, body, done) {
  try {
    await post(path, body);
    if ($("#answer")) $("#answer").value = "";
    announce(t(done), "ok");
  } catch (problem) {
    announce(problem.text, "error");
  }
  await load();
}
