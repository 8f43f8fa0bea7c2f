import { type Html, html } from "./html.ts";
import type { Sections } from "./sections.ts";

/** The page, with everything in it that there is now: without JavaScript it reloads itself every 10 s. */
export function renderPage(sections: Sections, showsTexts: boolean): string {
  const hidden = showsTexts
    ? "Texts are shown because StatusShowMessages is true."
    : "What was said is not shown here.";
  return page(
    html`<noscript><meta http-equiv="refresh" content="10"></noscript>
<script src="status.js" defer></script>`,
    html`
      <header>
        <h1>${sign} kosmi-relay</h1>
        <p id="live" class="live" hidden></p>
      </header>
      <main>
        <div id="verdict" role="status">${sections.verdict}</div>
        <section aria-labelledby="t-accounts">
          <h2 id="t-accounts">Accounts</h2>
          <div id="accounts" class="card">${sections.accounts}</div>
        </section>
        <section aria-labelledby="t-gateways">
          <h2 id="t-gateways">Gateways</h2>
          <div id="gateways" class="card">${sections.gateways}</div>
        </section>
        <section aria-labelledby="t-hour">
          <h2 id="t-hour">Last hour</h2>
          <div id="hour" class="card charts">${sections.hour}</div>
        </section>
        <section aria-labelledby="t-recent">
          <h2 id="t-recent">Recent events</h2>
          <div id="recent" class="card recent">${sections.recent}</div>
          <p class="note">${hidden}</p>
        </section>
      </main>
      <footer>
        <p>For programs: <a href="metrics">metrics</a>, <a href="healthz">healthz</a>,
      <a href="readyz">readyz</a>. Counts begin with the start of the relay.</p>
      </footer>
    `,
  );
}

/** Asks for the token. */
export function renderLogin(fault: string | null): string {
  const said = fault === null ? null : html`<p role="alert" class="fault">${fault}</p>`;
  return page(
    null,
    html`
      <main class="login">
        <h1>${sign} kosmi-relay</h1>
        <form method="post" action="login" class="card">
      <label for="token">Status token</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
      <p class="note">It stands as StatusToken in the relay's configuration.</p>${said}
      <button type="submit">Show the status</button></form>
      </main>
    `,
  );
}

function page(head: Html | null, body: Html): string {
  return html`
    <!doctype html>
    <html lang="en">
      <head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
    <title>kosmi-relay</title>
    <link rel="icon" href="icon.svg" type="image/svg+xml"><link rel="stylesheet" href="status.css">
    ${head}</head>
      <body>${body}</body>
    </html>
  `.text;
}

const sign = html`
  <svg class="sign" viewBox="0 0 32 32" aria-hidden="true">
    <path
      d="M6 10h17l-4-4M26 22H9l4 4" />
  </svg>
`;

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#4f46e5"/><path d="M7 12h16l-4-4M25 20H9l4 4" fill="none"
stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>
`;
