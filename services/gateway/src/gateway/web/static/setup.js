// The plain set-up page: branches, practitioners, services, rooms and accounts of a network, each with its version.

import { call, get, once, Problem } from "./api.js";
import { $, announce, fill, focusOn, h } from "./dom.js";
import { complete } from "./field_rules.js";
import { refusal } from "./refusals.js";
import { KINDS } from "./setup_forms.js";
import { begin, Directory, may } from "./staff.js";
import { t } from "./texts.js";

const root = $("#page");
const post = once();
const state = { kind: "branches", directory: null, kinds: [] };

const began = await begin("directory.write");
if (began) {
  state.kinds = Object.keys(KINDS).filter((one) => !KINDS[one].needs || may(began.session, KINDS[one].needs));
  await learn(began.directory);
  const wish = location.hash.slice(1);
  if (state.kinds.includes(wish)) state.kind = wish;
  draw();
}

/** The directory, and beside it what is kept elsewhere. */
async function learn(directory) {
  for (const kind of state.kinds) if (KINDS[kind].load) directory[kind] = await KINDS[kind].load();
  state.directory = directory;
}

function draw() {
  const kind = KINDS[state.kind];
  const things = kind.things(state.directory);
  fill(
    root,
    h("h1", {}, t("section_setup")),
    h(
      "nav",
      { class: "tabs", "aria-label": t("section_setup") },
      state.kinds.map((one) =>
        h("button", { type: "button", class: "tab", "aria-current": one === state.kind ? "page" : null, onclick: () => show(one) }, t(`setup_${one}`)),
      ),
    ),
    h(
      "div",
      { class: "setup" },
      h("button", { type: "button", class: "primary", id: "add", onclick: () => edit(null) }, t(`add_${state.kind}`)),
      things.length
        ? h("ul", { class: "choices" }, things.map((thing) => item(kind, thing)))
        : h("p", { class: "notice" }, t("nothing_yet")),
    ),
  );
}

function show(kind) {
  state.kind = kind;
  history.replaceState(null, "", `#${kind}`);
  announce("");
  draw();
  focusOn(root.querySelector('.tab[aria-current="page"]'));
}

function item(kind, thing) {
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "choice", onclick: () => edit(thing) },
      h("span", { class: "choice-name" }, kind.title(thing, state.directory)),
      h("span", { class: "choice-facts" }, kind.facts(thing, state.directory)),
      !thing.active && h("span", { class: "chip" }, t("inactive")),
    ),
  );
}

function edit(thing) {
  const kind = KINDS[state.kind];
  const form = kind.form(thing, state.directory);
  const heading = h("h2", {}, thing ? kind.title(thing, state.directory) : t(`add_${state.kind}`));
  const trouble = h("div", {});
  const active = h("input", { type: "checkbox", checked: thing ? thing.active : true });
  const submit = h("button", { type: "submit", class: "primary" }, t("save"));
  fill(
    root,
    h("h1", {}, t("section_setup")),
    h(
      "form",
      {
        class: "card form setup-form",
        novalidate: true,
        onsubmit: async (event) => {
          event.preventDefault();
          const fields = event.currentTarget;
          fill(trouble);
          if (!complete(fields)) return;
          submit.disabled = true;
          try {
            await save(kind, thing, { ...form.read(), active: active.checked });
            announce(t("saved"), "ok");
            draw();
            focusOn($("#add"));
          } catch (problem) {
            submit.disabled = false;
            if (!(problem instanceof Problem)) throw problem;
            fill(trouble, refusal(fields, problem));
          }
        },
      },
      heading,
      form.fields,
      h("label", { class: "check" }, active, h("span", {}, t("active"))),
      trouble,
      h("div", { class: "actions" }, submit, h("button", { type: "button", class: "secondary", onclick: draw }, t("leave"))),
    ),
  );
  focusOn(heading);
}

async function save(kind, thing, body) {
  if (kind.save) {
    await kind.save(thing, body);
  } else if (thing) {
    const id = thing[kind.id];
    const version = state.directory.versions[id];
    await call("PUT", `/directory/${state.kind}/${id}`, { ...thing, ...body, if_version: version });
  } else {
    await post(`/directory/${state.kind}`, body);
  }
  await learn(new Directory(await get("/directory")));
}
