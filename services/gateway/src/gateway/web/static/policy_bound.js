// What every window and cap says: which messages it binds, from when to when, and what it rests on.

import { CHANNELS } from "./channels.js";
import { h } from "./dom.js";
import { needed, ruled } from "./field_rules.js";
import { boxes, newName } from "./policy_parts.js";
import { fieldAt } from "./refusals.js";
import { t } from "./texts.js";

const CLASSES = ["service", "marketing"];

/** `prefix` begins the name of a new line, `classes` are what it binds at first. */
export function boundFields(line, { prefix, classes = CLASSES }) {
  const id = line?.id || newName(prefix);
  const kinds = boxes("classes", t("class"), CLASSES.map((one) => [one, t(`class_${one}`)]), line?.classes || classes, { needed: true });
  const channels = boxes("channels", t("only_channels"), CHANNELS.map((one) => [one, t(`channel_${one}`)]), line?.channels || []);
  const since = h("input", { type: "date", value: line?.valid_from || "" });
  const until = ruled(h("input", { type: "date", value: line?.valid_to || "" }), (day) => (day && day < since.value ? t("ends_before_begins") : ""));
  const source = needed(h("input", { type: "text", maxlength: "300", value: line?.source || "" }), t("reason_missing"));
  return {
    id,
    elements: [
      kinds.element,
      channels.element,
      h("div", { class: "grid" }, fieldAt("valid_from", t("valid_since"), since), fieldAt("valid_to", t("valid_until"), until)),
      fieldAt("source", t("policy_source"), source, { hint: t("policy_source_hint") }),
    ],
    read: () => ({
      id,
      classes: kinds.read(),
      channels: channels.read().length ? channels.read() : null,
      valid_from: since.value || null,
      valid_to: until.value || null,
      source: source.value.trim(),
      source_url: line?.source_url || null,
    }),
  };
}
