/** The page's style sheet. */
export const STATUS_STYLE = `
:root {
  color-scheme: light dark;
  --back: #f4f5f8; --card: #ffffff; --line: #e2e5ec; --text: #1c2130; --soft: #586074;
  --accent: #4f46e5; --accent-soft: #c7c5f7; --good: #15803d; --busy: #a15c00; --bad: #c22020; --off: #6b7280;
  --good-back: #e8f6ed; --busy-back: #fdf3e1; --bad-back: #fdecec; --off-back: #eef0f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #10131b; --card: #191d28; --line: #2b3140; --text: #e8eaf1; --soft: #a2abbf;
    --accent: #a5a0ff; --accent-soft: #45447c; --good: #4ade80; --busy: #fbbf24; --bad: #ff8080; --off: #9aa3b5;
    --good-back: #12291d; --busy-back: #2d2411; --bad-back: #331a1d; --off-back: #1f2430;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.25rem 1rem 2rem; background: var(--back);
  color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1, h2, h3, p, figure, ol { margin: 0; padding: 0; }
header { display: flex; align-items: center; justify-content: space-between; gap: 1rem;
  margin-bottom: 1rem; }
h1 { display: flex; align-items: center; gap: .6rem; font-size: 1.3rem; letter-spacing: -.01em; }
h2 { margin: 1.75rem 0 .6rem; font-size: .82rem; font-weight: 650; letter-spacing: .06em;
  text-transform: uppercase; color: var(--soft); }
h3 { padding: .9rem 1rem .15rem; font-size: 1rem; }
table + h3 { border-top: 1px solid var(--line); }
.sign { width: 1.7rem; height: 1.7rem; padding: .15rem; border-radius: .45rem; background: #4f46e5;
  fill: none; stroke: #fff; stroke-width: 3; stroke-linecap: round; stroke-linejoin: round; }
.live { font-size: .85rem; color: var(--soft); display: flex; align-items: center; gap: .45rem; }
.live[hidden] { display: none; }
.live::before { content: ""; width: .55rem; height: .55rem; border-radius: 50%;
  background: var(--bad); }
.live.on::before { background: var(--good); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem;
  overflow: hidden; }
.verdict { display: flex; align-items: center; gap: .8rem; padding: 1rem 1.15rem;
  border-radius: .8rem; border: 1px solid var(--line); background: var(--off-back); }
.verdict.good { background: var(--good-back); } .verdict.busy { background: var(--busy-back); }
.verdict.bad { background: var(--bad-back); }
.verdict .lamp { width: .9rem; height: .9rem; margin: 0; }
.verdict .words { font-size: 1.15rem; font-weight: 650; }
.running { margin-left: auto; text-align: right; font-size: .85rem; color: var(--soft); }
.lamp { display: inline-block; flex: none; width: .62rem; height: .62rem; margin-right: .5rem;
  border-radius: 50%; background: var(--off); }
.lamp.good { background: var(--good); }
.lamp.busy { background: none; border: .17rem solid var(--busy); }
.lamp.bad { background: var(--bad); border-radius: .12rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .6rem 1rem; text-align: left; vertical-align: top; }
thead th { font-size: .8rem; font-weight: 500; color: var(--soft); white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
tbody th { font-weight: 600; overflow-wrap: break-word; }
time { white-space: nowrap; }
.places { table-layout: fixed; }
.places th:first-child { width: 22%; } .places th:nth-child(2) { width: 22%; }
.places thead th { white-space: normal; vertical-align: bottom; }
.places td, .places tbody th { overflow-wrap: anywhere; }
th small, td.error small { display: block; font-weight: 400; }
td { max-width: 26rem; overflow-wrap: break-word; }
.number { text-align: right; white-space: nowrap; }
.loss { color: var(--bad); font-weight: 650; }
small { color: var(--soft); font-size: .85rem; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; padding: 1rem 1.15rem; }
figcaption { display: flex; flex-wrap: wrap; gap: .1rem .75rem; align-items: baseline;
  margin-bottom: .5rem; }
figcaption span { font-size: .85rem; color: var(--soft); }
.charts svg { display: block; width: 100%; height: 8rem; }
.charts svg * { vector-effect: non-scaling-stroke; }
.grid { fill: none; stroke: var(--line); stroke-width: 1; }
rect.delivered { fill: var(--accent); } rect.dropped { fill: var(--bad); }
rect.slow { fill: var(--accent-soft); }
.axis { display: flex; justify-content: space-between; margin-top: .35rem; font-size: .8rem;
  color: var(--soft); }
.recent > p { padding: .8rem 1rem; }
ol { list-style: none; }
li { display: flex; gap: 1rem; padding: .45rem 1rem; }
li + li { border-top: 1px solid var(--line); }
li time { flex: none; width: 7rem; color: var(--soft); font-size: .9rem; }
li span { min-width: 0; overflow-wrap: anywhere; }
li.dropped span { color: var(--bad); }
.note { margin-top: .5rem; font-size: .85rem; color: var(--soft); }
footer { margin-top: 2rem; font-size: .85rem; color: var(--soft); }
a { color: var(--accent); }
a:focus-visible, button:focus-visible, input:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 2px; }
.login { max-width: 24rem; margin: 12vh auto 0; }
.login form { margin-top: 1rem; padding: 1.25rem; display: grid; gap: .6rem; }
.login label { font-weight: 600; }
.login .note { margin: 0; }
.fault { color: var(--bad); font-weight: 600; }
input { padding: .6rem .75rem; font: inherit; color: inherit; background: var(--back);
  border: 1px solid var(--off); border-radius: .5rem; }
button { padding: .65rem 1rem; font: inherit; font-weight: 600; color: #fff; background: #4f46e5;
  border: 0; border-radius: .5rem; cursor: pointer; }
@media (max-width: 46rem) {
  body { padding: 1rem .75rem 2rem; }
  .verdict { flex-wrap: wrap; }
  .verdict > div { flex: 1; min-width: 0; overflow-wrap: anywhere; }
  .running { margin-left: 1.7rem; text-align: left; flex-basis: 100%; }
  .charts { grid-template-columns: 1fr; }
  table, tbody, tr, tbody th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { padding: .7rem 1rem; }
  tbody th, td { padding: .12rem 0; }
  tbody th { padding-bottom: .35rem; }
  td { display: grid; grid-template-columns: 8.5rem 1fr; text-align: left; }
  td::before { content: attr(data-label); color: var(--soft); }
  td { max-width: none; overflow-wrap: anywhere; }
  td.number { text-align: left; }
  .places th:first-child, .places th:nth-child(2) { width: auto; }
  li { flex-direction: column; gap: 0; }
}
@media (prefers-reduced-motion: no-preference) {
  .live.on::before { animation: pulse 3s infinite; }
  @keyframes pulse { 50% { opacity: .45; } }
}
`;

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
