// What is being booked: the choice so far, what is known of the network, and how things are called.

import { get } from "./api.js";
import { $ } from "./dom.js";
import * as moments from "./moments.js";
import { locale, t, worded } from "./texts.js";

export const root = $("#widget");
export const query = new URLSearchParams(location.search);

const network = root.dataset.network;
export const base = `/networks/${encodeURIComponent(network)}`;

const SOURCES = ["site", "whatsapp", "instagram", "telegram", "listing", "recall"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const choice = { service: null, branch: null, practitioner: null, slot: null };
export const person = { full_name: "", phone: "", email: "", agrees_to: [] };
export const known = { services: [], branches: [], everybody: [] };

export async function learn() {
  const [{ services }, { branches }] = await Promise.all([get(`${base}/services`), get(`${base}/branches`)]);
  known.services = services.filter((one) => one.active !== false);
  known.branches = branches.filter((one) => one.active !== false);
}

/** Where the chosen service is offered. */
export function offering() {
  const allowed = choice.service?.branch_ids;
  return known.branches.filter((one) => !allowed || allowed.includes(one.branch_id));
}

export async function practitioners({ practitioner, anywhere = false } = {}) {
  const answer = await get(`${base}/practitioners`, {
    service_id: choice.service?.service_id,
    branch_id: anywhere ? null : choice.branch?.branch_id,
  });
  return answer.practitioners.filter(
    (one) => one.active !== false && (!practitioner || one.practitioner_id === practitioner),
  );
}

export async function freeSlots(day, days) {
  const answer = await get(`${base}/slots`, {
    service_id: choice.service.service_id,
    branch_id: choice.branch.branch_id,
    practitioner_id: choice.practitioner?.practitioner_id,
    from: day,
    days,
  });
  return answer.slots;
}

/** The body of the booking. */
export function order() {
  const source = SOURCES.includes(query.get("source")) ? query.get("source") : "site";
  const utm = Object.fromEntries([...query].filter(([name]) => name.startsWith("utm_")).slice(0, 8).map(([name, value]) => [name.slice(0, 40), value.slice(0, 200)]));
  return {
    service_id: choice.service.service_id,
    branch_id: choice.slot.branch_id,
    practitioner_id: choice.slot.practitioner_id,
    starts_at: choice.slot.starts_at,
    patient: {
      full_name: person.full_name,
      phone: person.phone,
      locale,
      ...(person.email ? { email: person.email } : {}),
    },
    agrees_to: person.agrees_to,
    source,
    ...(UUID.test(query.get("campaign") || "") ? { campaign_id: query.get("campaign") } : {}),
    ...(Object.keys(utm).length ? { utm } : {}),
  };
}

// --- words ------------------------------------------------------------------------------------------------

export const serviceName = (service) => worded(service.name, choice.branch?.locale);
export const practitionerName = (practitioner) =>
  practitioner ? worded(practitioner.name_forms?.display, choice.branch?.locale) || practitioner.name : t("any_practitioner");
export const slotText = (slot) =>
  whenText(slot.starts_at, choice.branch.zone);

export const whenText = (instant, zone) =>
  moments.longDay(moments.dayOf(instant, zone)) + t("comma") + moments.time(instant, zone);

export function addressLines({ address }) {
  return [
    [address.city, address.street].filter(Boolean).join(t("comma")),
    [
      address.entrance && t("entrance", { value: address.entrance }),
      address.floor && t("floor", { value: address.floor }),
      address.room && t("room", { value: address.room }),
    ]
      .filter(Boolean)
      .join(t("comma")),
  ].filter(Boolean);
}
