// Keeps the page as the sandbox is: a word by SSE that something changed, then the changed parts by fetch.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const views = ["phones", "mail", "ledger", "faults"];
let view = "phones";

function notice(text) {
  const place = one("#notice");
  place.textContent = text;
  place.hidden = !text;
}

async function call(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const content = await answer.json().catch(() => ({}));
  const waiting = (content.waiting_for || []).map((each) => each.name).join(", ");
  notice(answer.ok ? (answer.status === 202 ? "The gateway does not answer; the reply is sent again until it does." : "")
    : `${content.title || answer.status}: ${content.detail || "refused"}${waiting ? ` (${waiting})` : ""}`);
  return answer.ok;
}

// What is drawn anew between a press and its release gets no click.
async function letGo() {
  while (one("button:active, a:active, summary:active")) await new Promise((resume) => setTimeout(resume, 20));
}

async function fragment(name) {
  const answer = await fetch(`/fragments/${name}?find=${encodeURIComponent(one("#find").value)}`);
  const text = await answer.text();
  await letGo();
  return text;
}

function toTheEnd(phone) {
  const thread = one(".thread", phone);
  thread.scrollTop = thread.scrollHeight;
}

// What someone is typing stays: only the thread of a phone that changed is replaced.
async function refreshPhones(sorted) {
  const place = one("#phones");
  const fresh = document.createElement("div");
  fresh.innerHTML = await fragment("phones");
  const known = new Map(all(".phone", place).map((phone) => [phone.dataset.address, phone]));
  const typing = place.contains(document.activeElement) && document.activeElement.matches("input, select");
  const updated = [...fresh.children].map((next) => {
    const phone = known.get(next.dataset.address);
    if (!phone) return next;
    if (phone.dataset.version !== next.dataset.version) {
      one(".thread", phone).innerHTML = one(".thread", next).innerHTML;
      one(".thread", phone).dir = one(".thread", next).dir;
      if (!typing) one("select", phone).innerHTML = one("select", next).innerHTML;
      phone.dataset.version = next.dataset.version;
      toTheEnd(phone);
    }
    return phone;
  });
  // A phone stays where it is while someone works with it; a new one comes first.
  const stay = updated.filter((each) => each.parentNode === place);
  const inPlace = [...place.children].filter((each) => stay.includes(each));
  const wanted = sorted ? updated : [...updated.filter((each) => each.parentNode !== place), ...inPlace];
  if (typing && wanted.length === place.children.length && wanted.every((each) => each.parentNode === place)) return;
  if (wanted.length === place.children.length && wanted.every((each, index) => each === place.children[index])) return;
  const focused = document.activeElement;
  place.replaceChildren(...wanted);
  if (focused && place.contains(focused)) focused.focus();
  all(".phone", place).forEach((phone) => known.get(phone.dataset.address) || toTheEnd(phone));
}

async function refreshMail() {
  const open = new Set(all("#mail details[open]").map((each) => each.dataset.id));
  const fresh = document.createElement("div");
  fresh.innerHTML = await fragment("mail");
  const changed = (place) => all(".mailbox", place).map((each) => each.dataset.address + each.dataset.version).join();
  if (changed(fresh) === changed(one("#mail")) && fresh.children.length) return;
  all("details", fresh).forEach((each) => { each.open = open.has(each.dataset.id); });
  one("#mail").replaceChildren(...fresh.children);
}

async function refresh(sorted) {
  if (view === "phones") await refreshPhones(sorted);
  else if (view === "mail") await refreshMail();
  else if (view === "ledger") one("#ledger").innerHTML = await fragment("ledger");
  else one("#faults-list").innerHTML = await fragment("faults");
}

let running = false;
let again = false;
async function soon(sorted = false) {
  if (running) { again = true; return; }
  running = true;
  try { await refresh(sorted); } catch { notice("The sandbox does not answer."); }
  running = false;
  if (again) { again = false; soon(); }
}

function show(name) {
  view = views.includes(name) ? name : "phones";
  for (const each of views) {
    one(`#${each}`).hidden = each !== view;
    one(`#tab-${each}`).setAttribute("aria-selected", String(each === view));
  }
  soon();
}

function showClock(iso, frozen) {
  const now = new Date(iso);
  const place = one("#now");
  place.dateTime = iso;
  place.dataset.frozen = String(frozen);
  place.textContent = now.toLocaleString("en-GB", { timeZone: "UTC", weekday: "short", day: "2-digit", month: "short",
    year: "numeric", hour: "2-digit", minute: "2-digit" }) + " UTC";
  one("#clock-state").textContent = frozen ? "standing" : "ticking";
}

document.addEventListener("click", async (event) => {
  const target = event.target.closest("button");
  const phone = event.target.closest(".phone");
  if (phone && !target) call("POST", `/phones/${encodeURIComponent(phone.dataset.address)}/read`, { by: "opening" });
  if (!target) return;
  if (target.role === "tab" || target.getAttribute("role") === "tab") {
    location.hash = target.getAttribute("aria-controls");
  } else if (target.matches(".press")) {
    target.disabled = true;
    await call("POST", `/phones/${encodeURIComponent(phone.dataset.address)}/replies`,
      { channel: target.dataset.channel, button: target.dataset.button, message_id: target.dataset.message });
    target.disabled = false;
  } else if (target.matches(".read")) {
    await call("POST", `/phones/${encodeURIComponent(phone.dataset.address)}/read`, {});
  } else if (target.matches(".lift")) {
    await call("DELETE", `/faults/${target.dataset.fault}`);
    soon();
  } else if (target.dataset.advance) {
    all("[data-advance]").forEach((each) => { each.disabled = true; });
    await call("POST", "/clock", { advance: target.dataset.advance });
    all("[data-advance]").forEach((each) => { each.disabled = false; });
  }
});

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const given = Object.fromEntries(new FormData(form));
  if (form.matches(".reply")) {
    if (!given.text.trim()) return;
    form.elements.text.value = "";
    await call("POST", `/phones/${encodeURIComponent(form.closest(".phone").dataset.address)}/replies`,
      { channel: given.channel, text: given.text });
  } else {
    const order = { kind: given.kind, probability: Number(given.probability || 1), delay: Number(given.delay || 0) };
    if (given.channel) order.channel = given.channel;
    if (given.phone.trim()) order.phone = given.phone.trim();
    if (given.count) order.count = Number(given.count);
    if (given.retry_after) order.retry_after = Number(given.retry_after);
    await call("POST", "/faults", order);
    soon();
  }
});

one("#find").addEventListener("input", () => soon(true));
addEventListener("hashchange", () => show(location.hash.slice(1)));
all(".phone").forEach(toTheEnd);
showClock(one("#now").dateTime, one("#now").dataset.frozen === "true");
show(location.hash.slice(1));
setInterval(() => { if (one("#now").dataset.frozen === "false") showClock(new Date().toISOString(), false); }, 1000);

const news = new EventSource("/events");
news.onmessage = (event) => {
  const told = JSON.parse(event.data);
  showClock(told.now || new Date().toISOString(), told.frozen);
  one("#total").textContent = told.total;
  one("#faults-count").textContent = told.faults.length;
  one("#faults-count").hidden = !told.faults.length;
  soon();
};
news.onerror = () => notice("The sandbox does not answer.");
news.onopen = () => notice("");
