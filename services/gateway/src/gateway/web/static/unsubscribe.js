// The end of invitations: without this the form does the same, and shows a bare sentence.

import { $, announce } from "./dom.js";
import { t } from "./texts.js";

$("#unsubscribe").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(location.pathname, { method: "POST" });
  if (!answer.ok) {
    announce(t("link-invalid.title"), "error");
    return;
  }
  event.target.remove();
  announce(t("unsubscribed"), "ok");
});
