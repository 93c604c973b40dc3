// Staff log in; where an account has a second factor, its field appears when it is asked for.

import { call } from "./api.js";
import { $, announce, fieldError } from "./dom.js";
import { t } from "./texts.js";

const form = $("#login");
const [email, password, totp] = ["email", "password", "totp"].map((name) => form.elements[name]);

email.focus();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  fieldError(email, email.value.trim() ? "" : t("email_missing"));
  fieldError(password, password.value ? "" : t("password_missing"));
  const wrong = [email, password].find((one) => one.getAttribute("aria-invalid"));
  if (wrong) {
    wrong.focus();
    return;
  }
  const button = $("button", form);
  button.disabled = true;
  try {
    const code = totp.value.trim();
    await call("POST", "/sessions", { email: email.value.trim(), password: password.value, ...(code ? { totp: code } : {}) });
    location.assign(destination());
  } catch (problem) {
    button.disabled = false;
    if (problem.code === "totp-required") {
      $("#second").hidden = false;
      fieldError(totp, totp.value ? problem.text : "");
      totp.focus();
    }
    announce(problem.text, "error");
  }
});

/** Where somebody wanted to go; another site's address is not followed, however it is written. */
function destination() {
  const next = new URL(new URLSearchParams(location.search).get("next") || "/desk", location.origin);
  return next.origin === location.origin ? next.href : "/desk";
}
