// How a wording would look to a reader: by sample facts, for each shape of a name and each channel, with what an SMS costs.

import { question } from "./api.js";
import { field, fill, h, option } from "./dom.js";
import { claim } from "./looking.js";
import * as moments from "./moments.js";
import { spoken, t } from "./texts.js";

const SHAPES = ["full", "no-patronymic", "no-gender", "one-word"];
const CHANNELS = ["whatsapp", "sms", "telegram", "line", "email", "voice"];
const PATIENCE = 350;

/** `wording()` gives the language and the text as it is being written; null is the one in force. */
export function preview(address, wording) {
  const shape = h("select", { onchange: () => ask() }, SHAPES.map((one) => option(one, t(`shape_${one}`))));
  const channel = h("select", { onchange: () => ask() }, CHANNELS.map((one) => option(one, t(`channel_${one}`))));
  const phone = h("div", { class: "sample", "aria-live": "polite" });
  let waiting = null;

  async function ask() {
    clearTimeout(waiting);
    const newest = claim(phone);
    const { locale, text } = wording();
    if (text && !text.lines.length) return fill(phone, h("p", { class: "hint" }, t("nothing_written")));
    try {
      const made = await question(`${address}/preview`, { locale, shape: shape.value, channel: channel.value, text });
      if (newest()) fill(phone, bubble(made, locale, channel.value), price(made));
    } catch (problem) {
      if (newest()) fill(phone, h("p", { class: "notice is-error" }, spoken("finding", problem.code), " ", h("bdi", {}, problem.body.detail || "")));
    }
    return null;
  }

  return {
    element: h("div", { class: "stack" }, h("h2", {}, t("preview")), h("div", { class: "grid" }, field(t("name_shape"), shape), field(t("fact_channel"), channel)), phone),
    ask,
    soon: () => {
      clearTimeout(waiting);
      waiting = setTimeout(ask, PATIENCE);
    },
  };
}

function bubble(made, locale, channel) {
  return h(
    "div",
    { class: `bubble is-${channel}`, lang: locale, dir: locale === "fa" ? "rtl" : "ltr" },
    made.lines.map((line) => h("p", {}, line)),
    made.buttons.length > 0 && h("div", { class: "bubble-buttons" }, made.buttons.map((one) => h("span", {}, one))),
  );
}

function price(made) {
  if (!made.segments) return null;
  const facts = [t("sms_segments", { n: moments.number(made.segments), units: moments.number(made.units), alphabet: made.alphabet === "gsm-7" ? "GSM-7" : "UCS-2" }), made.price && moments.money(made.price)];
  return h("p", { class: "hint" }, facts.filter(Boolean).join(" · "));
}
