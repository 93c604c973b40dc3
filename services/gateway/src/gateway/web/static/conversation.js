// One opened conversation: what was said by whom, an answer, and back to automation.

import { field, fieldError, fill, h } from "./dom.js";
import { redraw } from "./looking.js";
import * as moments from "./moments.js";
import { may } from "./staff.js";
import { spoken, t } from "./texts.js";

/** How near its end a transcript has to be to follow what is new, in pixels. */
const NEAR = 40;

/** Whom a conversation is with, as far as that is known. */
export const partner = ({ patient_ids: ids }, names) => ids.map((id) => names[id]).filter(Boolean).join(t("comma")) || t("unknown_partner");

export const author = (one) => (one.author.startsWith("staff:") ? "staff" : one.author);

/**
 * What draws into `section`; `around` has the session, the directory and `act(path, body, done)`, which says whether it
 * was carried out. What is being written stays as it is, caret and all, however often the conversation is drawn.
 */
export function pane(section, around) {
  let held = null;
  return (shown, task) => {
    section.hidden = !shown;
    const id = shown?.conversation.conversation_id;
    if (id !== held?.id) {
      held = id ? opened(id, around) : null;
      fill(section, held?.parts);
    }
    held?.show(shown, task);
  };
}

function opened(id, around) {
  const heading = h("h2", { id: "conversation-title" });
  const state = h("p", { class: "hint" });
  const links = h("div", { class: "actions" });
  const transcript = said(around.directory);
  const over = h("p", { class: "notice" }, t("window_closed"));
  const answer = answering(id, around);
  const resume = h("button", { type: "button", class: "secondary", id: "resume", onclick: () => around.act(`/conversations/${id}/resume`, {}, "resumed_now", "#conversation-title") }, t("resume_automation"));
  return {
    id,
    parts: [heading, state, links, transcript.element, over, answer, h("div", { class: "actions" }, resume)],
    show({ conversation, lines, names }, task) {
      const closed = Boolean(conversation.answer_until) && Date.parse(conversation.answer_until) <= Date.parse(moments.now());
      heading.textContent = partner(conversation, names);
      state.textContent = [spoken("channel", conversation.channel), t(conversation.open ? "person_answers" : "automation_answers"), task?.status === "taken" && t("task_taken")].filter(Boolean).join(" · ");
      redraw(links, () => fill(links, taking(task, around), cards(conversation, names, around)), heading);
      links.hidden = !links.childElementCount;
      transcript.show(conversation, lines);
      over.hidden = !closed;
      answer.hidden = closed;
      resume.hidden = !conversation.open;
    },
  };
}

function taking(task, { session, act }) {
  if (task?.status !== "open" || !may(session, "tasks.work")) return null;
  return h("button", { type: "button", class: "secondary small", dataset: { key: "take" }, onclick: () => act(`/tasks/${task.task_id}/take`, {}, "task_taken_now", "#answer") }, t("take"));
}

function cards({ patient_ids: ids }, names, { session }) {
  if (!may(session, "patients.read")) return [];
  return ids.map((id) => h("a", { class: "button quiet small", dataset: { key: id }, href: `/patients/${id}` }, ids.length > 1 && names[id] ? `${t("patient")}: ${names[id]}` : t("patient")));
}

/** The transcript; lines that stand stay, so that only what is new is read out. */
function said(directory) {
  const element = h("ol", { class: "transcript", tabindex: "0", "aria-label": t("transcript"), "aria-live": "polite" });
  const standing = new Map();

  function line(one, zone) {
    if (!standing.has(one.line_id)) {
      const words = h("p", { dir: "auto" }, one.text.split("\n").flatMap((each) => [h("br"), each]).slice(1));
      const hint = h("p", { class: "hint" });
      standing.set(one.line_id, { item: h("li", { class: `line is-${author(one)}` }, words, hint), hint });
    }
    const { item, hint } = standing.get(one.line_id);
    hint.textContent = [t(`author_${author(one)}`), moments.dateAndTime(one.at, zone), one.outcome && t(`message_${one.outcome}`)].filter(Boolean).join(" · ");
    return item;
  }

  function show(conversation, lines) {
    const { zone } = directory.branch(conversation.branch_id) || directory.branches[0] || { zone: "UTC" };
    const follows = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    const items = lines.map((one) => line(one, zone));
    const stands = [...element.children].every((item, place) => item === items[place]);
    if (stands) element.append(...items.slice(element.childElementCount));
    else fill(element, items);
    if (follows) element.scrollTop = element.scrollHeight;
  }

  return { element, show };
}

function answering(id, { act }) {
  const text = h("textarea", { id: "answer", maxlength: "1000", rows: 3, required: true, dir: "auto" });
  const send = async (event) => {
    event.preventDefault();
    const words = text.value.trim();
    fieldError(text, words ? "" : t("fill_this_in"));
    const sent = words && (await act(`/conversations/${id}/messages`, { text: words }, "said_now", "#answer"));
    if (sent && text.value.trim() === words) text.value = "";
    text.focus();
  };
  text.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && send(event));
  return h("form", { class: "form", novalidate: true, onsubmit: send }, field(t("answer"), text, { hint: t("answer_hint") }), h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, t("send"))));
}
