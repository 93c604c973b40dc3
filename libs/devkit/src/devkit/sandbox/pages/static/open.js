// A link into a chat, opened on one of the invented phones.
"use strict";

document.querySelector("#open").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { channel, account, code } = form.dataset;
  const said = code ? { code } : { text: "/start" };
  const answer = await fetch(`/phones/${encodeURIComponent(form.elements.phone.value)}/replies`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ channel, account, ...said }),
  });
  if (answer.ok) { location.assign("/"); return; }
  const problem = await answer.json().catch(() => ({}));
  const notice = document.querySelector("#notice");
  notice.textContent = problem.detail || "The gateway did not take it.";
  notice.hidden = false;
});
