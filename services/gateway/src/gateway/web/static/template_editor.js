// One template: a tab for each language with its wording, the preview and findings beside it, publishing and history.

import { call, once } from "./api.js";
import { announce, field, fill, h, option } from "./dom.js";
import * as moments from "./moments.js";
import { preview } from "./template_preview.js";
import { history } from "./template_history.js";
import { publisher } from "./template_publish.js";
import { OWN_NAMES, spoken, t } from "./texts.js";

const post = once();

/** `place` is where the wording holds: a branch or the whole network. */
export function editor(view, place) {
  const locales = [...new Set([...place.network.locales, ...Object.keys(view.draft?.texts || {}), ...Object.keys(view.versions[0]?.body.texts || {})])];
  const shown = new Editor(view, place, locales);
  return shown.element;
}

class Editor {
  constructor(view, place, locales) {
    this.view = view;
    this.place = place;
    this.locales = locales;
    this.locale = locales[0];
    this.version = view.draft_version;
    this.body = structuredClone(view.draft || view.versions[0]?.body || { texts: {}, fallbacks: {} });
    this.findings = h("div", { class: "findings", "aria-live": "polite" });
    this.tabs = h("div", { class: "tabs", role: "group", "aria-label": t("locale") });
    this.form = h("div", { class: "form" });
    this.preview = preview(this.address, () => ({ locale: this.locale, text: this.body.texts[this.locale] || null }));
    this.publisher = publisher((waivers) => this.publish(waivers));
    this.element = h(
      "div",
      { class: "stack" },
      this.head(),
      h("div", { class: "worded" }, h("section", { class: "card stack" }, this.tabs, this.form, this.actions()), h("section", { class: "card stack", "aria-label": t("preview") }, this.preview.element)),
      h("section", { class: "card stack" }, h("h2", {}, t("findings")), this.findings, this.publisher.element),
      history(view, place.nameOf, (number) => this.publish([], number)),
    );
    this.tell(view.findings);
    this.draw();
  }

  get address() {
    return `/templates/${encodeURIComponent(this.view.name)}`;
  }

  get scope() {
    return this.place.branch ? `?branch_id=${this.place.branch.branch_id}` : "";
  }

  head() {
    const { name, says, versions } = this.view;
    const standing = versions.length ? t("version_n", { n: moments.number(versions[0].number) }) : t(this.place.branch ? "as_network" : "built_in");
    return h(
      "header",
      {},
      h("h1", { id: "template-title" }, spoken("template", name)),
      h("p", { class: "lead" }, [this.place.branch ? this.place.branch.name : t("whole_network"), t(`class_${this.view.message_class}`), standing].join(" · ")),
      says.length > 0 && h("p", { class: "hint" }, t("has_to_say", { facts: says.map((one) => spoken("says", one)).join(t("comma")) })),
    );
  }

  draw() {
    fill(this.tabs, this.locales.map((one) => this.tab(one)));
    fill(this.form, this.body.texts[this.locale] ? this.fields() : this.unworded());
    this.preview.ask();
  }

  tab(locale) {
    const own = Boolean(this.body.texts[locale]);
    return h(
      "button",
      { type: "button", class: "tab", "aria-pressed": String(locale === this.locale), "aria-current": locale === this.locale ? "true" : null, dataset: { locale }, onclick: () => this.show(locale) },
      h("span", { lang: locale }, OWN_NAMES[locale] || locale),
      h("span", { class: `chip${own ? " is-ok" : ""}` }, own ? t("own_wording") : this.fallback(locale)),
    );
  }

  fallback(locale) {
    const to = this.body.fallbacks[locale];
    return to && to !== "built-in" ? `→ ${OWN_NAMES[to] || to}` : t("built_in");
  }

  show(locale) {
    this.locale = locale;
    this.draw();
    this.tabs.querySelector('[aria-current="true"]').focus();
  }

  /** A language without a wording of its own: another stands for it, or it gets one. */
  unworded() {
    const others = this.locales.filter((one) => this.body.texts[one]);
    const to = h("select", { onchange: () => this.fallTo(to.value) }, [option("built-in", t("built_in")), ...others.map((one) => option(one, OWN_NAMES[one], this.body.fallbacks[this.locale] === one))]);
    const text = this.view.built_in[this.locale];
    return [
      field(t("stands_for"), to),
      text && h("div", { class: "quoted", dir: "auto", lang: this.locale }, text.lines.map((line) => h("p", {}, line))),
      h("button", { type: "button", class: "secondary", onclick: () => this.word() }, t("word_it")),
    ];
  }

  fallTo(value) {
    this.body.fallbacks[this.locale] = value;
    fill(this.tabs, this.locales.map((one) => this.tab(one)));
  }

  word() {
    this.body.texts[this.locale] = structuredClone(this.view.built_in[this.locale]);
    delete this.body.fallbacks[this.locale];
    this.draw();
    this.form.querySelector("textarea").focus();
  }

  fields() {
    const text = this.body.texts[this.locale];
    const area = (part, rows) => {
      const input = h("textarea", { rows, dir: "auto", lang: this.locale, spellcheck: true, dataset: { part }, oninput: () => {
        text[part] = input.value.split("\n").map((line) => line.trim()).filter(Boolean);
        this.preview.soon();
      } });
      input.value = (text[part] || []).join("\n");
      input.addEventListener("focus", () => (this.typing = input));
      return input;
    };
    const lines = area("lines", 8);
    this.typing = lines;
    return [
      field(t("lines"), lines, { hint: t("lines_hint") }),
      field(t("sms_form"), area("sms", 3), { hint: t("sms_hint") }),
      h("details", { class: "rest" }, h("summary", {}, t("placeholders")), h("div", { class: "actions" }, this.view.placeholders.map((one) => h("button", { type: "button", class: "secondary small", dir: "ltr", onclick: () => this.insert(`{${one}}`) }, `{${one}}`)))),
      h("button", { type: "button", class: "quiet danger small", onclick: () => this.unword() }, t("unword")),
    ];
  }

  insert(text) {
    this.typing.setRangeText(text, this.typing.selectionStart, this.typing.selectionEnd, "end");
    this.typing.dispatchEvent(new Event("input"));
    this.typing.focus();
  }

  unword() {
    delete this.body.texts[this.locale];
    this.body.fallbacks[this.locale] = "built-in";
    this.draw();
  }

  actions() {
    return h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: () => this.save() }, t("save_draft")));
  }

  /** What nobody has said of a language is said for it: the built-in text stands for it. */
  async save() {
    for (const one of this.locales) if (!this.body.texts[one]) this.body.fallbacks[one] ||= "built-in";
    if (!Object.keys(this.body.texts).length) return announce(t("word_one"), "error");
    try {
      const { version, findings } = await call("PUT", `${this.address}/draft${this.scope}`, { body: this.body, if_version: this.version });
      this.version = version;
      this.tell(findings);
      this.publisher.ready(true);
      announce(t(findings.length ? "draft_saved_findings" : "draft_saved"), findings.length ? "warn" : "ok");
      return true;
    } catch (problem) {
      announce(problem.text, "error");
      return false;
    }
  }

  tell(findings) {
    this.publisher.about(findings);
    this.publisher.ready(Boolean(this.view.draft) || this.version > this.view.draft_version);
    fill(this.findings, findings.length ? h("ul", { class: "stops" }, findings.map((one) => this.finding(one))) : h("p", { class: "hint" }, t("no_findings")));
  }

  finding(one) {
    const [part, line] = one.place.replace("]", "").split("[");
    const where = [one.locale && (OWN_NAMES[one.locale] || one.locale), part && spoken("place", part), line && t("line_n", { n: moments.number(Number(line) + 1) })].filter(Boolean).join(" · ");
    return h(
      "li",
      { class: `notice ${one.waivable ? "is-warn" : "is-error"}`, dataset: { code: one.code } },
      h("div", {}, h("strong", {}, spoken("finding", one.code)), h("p", {}, h("bdi", {}, one.detail)), h("p", { class: "hint" }, where), h("p", { class: "hint" }, `${t("rests_on")}: `, h("bdi", {}, one.source))),
      one.locale && this.locales.includes(one.locale) && h("button", { type: "button", class: "quiet small", "aria-label": `${t("show")}: ${where}`, onclick: () => this.show(one.locale) }, t("show")),
    );
  }

  async publish(waivers, number = null) {
    if (number === null && !(await this.save())) return;
    try {
      const published = await post(`${this.address}/publish${this.scope}`, { number, waivers });
      await this.place.reload();
      announce(t("published_now", { n: moments.number(published.number) }), "ok");
    } catch (problem) {
      if (problem.body.findings) this.tell(problem.body.findings);
      announce(problem.text, "error");
    }
  }
}
