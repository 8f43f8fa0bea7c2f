/** The page's own script: fills in what the server sends. Served as a file, because the policy forbids inline ones. */
export const STATUS_SCRIPT = `"use strict";
const live = document.getElementById("live");
let version = null;
const say = (word, text) => {
  live.hidden = false;
  live.className = "live " + word;
  if (live.textContent !== text) live.textContent = text;
};
const source = new EventSource("events");
source.addEventListener("open", () => say("on", "live"));
source.addEventListener("error", () => {
  say("off", "no connection to the relay");
  // After an answer such as "log in first" the browser does not try again by itself.
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10000);
});
source.addEventListener("hello", (event) => {
  if (version !== null && version !== event.data) location.reload();
  version = event.data;
});
source.addEventListener("sections", (event) => {
  for (const [id, html] of Object.entries(JSON.parse(event.data))) {
    const element = document.getElementById(id);
    if (element !== null) element.innerHTML = html;
  }
});
addEventListener("pagehide", () => source.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
`;
