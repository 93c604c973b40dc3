// Who did something, by name, where somebody may know the accounts.

import { get } from "./api.js";
import { may } from "./staff.js";

/** `nameOf("staff:<id>")`; whoever is not known stays as they are written. */
export async function names(session) {
  const people = new Map();
  if (may(session, "staff.read")) {
    const { staff } = await get("/staff");
    for (const one of staff) people.set(`staff:${one.staff_id}`, one.display_name);
  }
  return (actor) => people.get(actor) || actor;
}
