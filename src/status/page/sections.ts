import { agoInWords, counted, numberInWords, spanInWords, tookInWords } from "../../base/times.ts";
import type { EndpointId } from "../../relay/port/ids.ts";
import type { RecentEvent } from "../counts/recent_events.ts";
import { renderCharts } from "./chart.ts";
import { type Html, html } from "./html.ts";
import type { AccountView, GatewayView, Health, PlaceView, StatusView } from "./view.ts";

/** The parts of the page that change, by the id of the element they fill. */
export type Sections = Readonly<
  Record<"verdict" | "accounts" | "gateways" | "hour" | "recent", Html>
>;

export function renderSections(view: StatusView): Sections {
  return {
    verdict: verdict(view),
    accounts: accounts(view),
    gateways: html`${view.gateways.map(gateway)}`,
    hour: renderCharts(view.minutes),
    recent: recent(view),
  };
}

const HEALTH_WORDS: Readonly<Record<Health, string>> = {
  good: "good",
  busy: "pending",
  bad: "broken",
  off: "inactive",
};

function lamp(health: Health): Html {
  return html`<span class="lamp ${health}"><span class="unseen">${
    HEALTH_WORDS[health]
  }: </span></span>`;
}

function verdict({ verdict, nowMs, startedAtMs, version }: StatusView): Html {
  const more = verdict.more === "" ? null : html`<p class="more">${verdict.more}</p>`;
  return html`<div class="verdict ${verdict.health}">${lamp(verdict.health)}
    <div><p class="words">${verdict.words}</p>${more}</div>
    <p class="running">version ${version}, running for ${running(nowMs - startedAtMs)}</p></div>`;
}

function running(ms: number): string {
  return ms < 60_000 ? "less than a minute" : spanInWords(ms);
}

function accounts(view: StatusView): Html {
  return html`
    <table>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col">State</th>
          <th scope="col">Since</th>
          <th scope="col">Last error</th>
          <th scope="col" class="number">Latency</th>
          <th scope="col">Token</th>
        </tr>
      </thead>
      <tbody>${view.accounts.map((account) => accountRow(account, view.nowMs))}</tbody>
    </table>
  `;
}

function accountRow(account: AccountView, nowMs: number): Html {
  const { id, health, state, sinceMs, lastError, roundTripMs, reconnects, token } = account;
  const times = reconnects === 0 ? null : html`
    <small>${counted(reconnects, "reconnect")}</small>
  `;
  return html`<tr data-account="${id}"><th scope="row">${id}</th>${[
    cell("State", html`${lamp(health)}${state}`),
    cell("Since", sinceMs === null ? null : html`${time(sinceMs, nowMs)}${times}`),
    cell("Last error", lastError === null ? "none" : error(lastError, nowMs), "error"),
    cell("Latency", roundTripMs === null ? null : tookInWords(roundTripMs), "number"),
    cell("Token", token === null ? null : html`${lamp(token.health)}${token.words}`),
  ]}</tr>`;
}

/** On a phone the label stands before the value. */
function cell(label: string, value: Html | string | null, kind = "text"): Html {
  return html`<td data-label="${label}" class="${kind}"><span>${value ?? "–"}</span></td>`;
}

function error({ reason, atMs }: NonNullable<AccountView["lastError"]>, nowMs: number): Html {
  const meaning = plainWords(reason);
  const words = meaning === null ? html`${reason}` : html`${meaning} <small>${reason}</small>`;
  return html`${words} <small>${time(atMs, nowMs)}</small>`;
}

function gateway({ name, places }: GatewayView): Html {
  return html`
    <h3>${name}</h3>
    <table class="places">
      <thead>
        <tr>
          <th scope="col">Endpoint</th>
          <th scope="col">State</th>
          <th scope="col" class="number">Read</th>
          <th scope="col" class="number">Delivered</th>
          <th scope="col" class="number">Not relayed</th>
          <th scope="col" class="number">Waiting</th>
          <th scope="col" class="number">Oldest</th>
        </tr>
      </thead>
      <tbody>${places.map(placeRow)}</tbody>
    </table>
  `;
}

function placeRow(place: PlaceView): Html {
  const { account, written, direction, health, state, dropped, oldestMs } = place;
  const sent = (count: number) => direction === "in" ? null : numberInWords(count);
  return html`<tr data-place="${account} ${written}">
    <th scope="row">${written} <small>${account}</small></th>${[
    cell("State", html`${lamp(health)}${state}`),
    cell(
      "Read",
      direction === "out" ? null : html`${numberInWords(place.received)}${aside(place)}`,
      "number",
    ),
    cell("Delivered", sent(place.delivered), "number"),
    cell("Not relayed", sent(dropped), dropped > 0 ? "number loss" : "number"),
    cell("Waiting", sent(place.waiting), "number"),
    cell("Oldest", oldestMs === null ? null : spanInWords(oldestMs), "number"),
  ]}</tr>`;
}

/** Why fewer arrived elsewhere than were read here. */
function aside({ aside: { commands, ignored, duplicates } }: PlaceView): Html | null {
  const filtered = ignored - commands;
  const words = [
    commands === 0 ? [] : counted(commands, "command"),
    filtered === 0 ? [] : `${numberInWords(filtered)} filtered`,
    duplicates === 0 ? [] : `${counted(duplicates, "duplicate")} left out`,
  ].flat().join(", ");
  return words === "" ? null : html`
    <small>${words}</small>
  `;
}

function recent(view: StatusView): Html {
  if (view.recent.length === 0) return html`<p>Nothing has happened yet.</p>`;
  return html`<ol>${
    view.recent.map((event) =>
      html`<li class="${event.kind}">${clockTime(event.atMs, view.nowMs)} <span>${
        eventInWords(event, view)
      }</span></li>`
    )
  }</ol>`;
}

function eventInWords(event: RecentEvent, view: StatusView): Html {
  const at = (endpoint: EndpointId) =>
    html`<b>${view.places.get(endpoint)?.written ?? endpoint}</b>`;
  switch (event.kind) {
    case "chat": {
      const late = event.late ? " (caught up)" : "";
      if (event.said === null) {
        return html`${counted(event.count, CHAT_WORDS[event.what])} in ${
          at(event.endpoint)
        }${late}`;
      }
      const { nick, text } = event.said;
      return html`${at(event.endpoint)} &lt;<bdi>${nick}</bdi>&gt; <bdi>${text}</bdi>${late}`;
    }
    case "link":
      return event.how === "up"
        ? html`<b>${event.account}</b> is connected as ${event.words}`
        : html`<b>${event.account}</b> is ${
          event.how === "refused" ? "refused" : "not connected"
        }: ${event.words}`;
    case "channel":
      return event.up
        ? html`${at(event.endpoint)} joined`
        : html`${at(event.endpoint)} not joined: ${event.words}`;
    case "dropped":
      return html`${counted(event.count, "message")} for ${
        at(event.endpoint)
      } not relayed: ${event.words}`;
  }
}

const CHAT_WORDS: Readonly<Record<Extract<RecentEvent, { kind: "chat" }>["what"], string>> = {
  message: "message",
  edit: "edit",
  deletion: "deletion",
  reaction: "reaction",
  join: "arrival",
  leave: "departure",
  rename: "new nick",
  topic: "new topic",
};

/** By the relay's own clock, with the day where that is not today. */
function clockTime(atMs: number, nowMs: number): Html {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const isToday = new Date(nowMs).toDateString() === at.toDateString();
  const day = isToday ? "" : `${two(at.getMonth() + 1)}-${two(at.getDate())} `;
  return html`<time datetime="${at.toISOString()}" title="${exactly(at)}">${day}${clock}</time>`;
}

/** How long ago, with the exact time for who points at it. */
function time(atMs: number, nowMs: number): Html {
  const at = new Date(atMs);
  return html`<time datetime="${at.toISOString()}" title="${exactly(at)}">${
    agoInWords(nowMs - atMs)
  }</time>`;
}

function exactly(at: Date): string {
  return `${at.toISOString().replace("T", " ").slice(0, 19)} UTC`;
}

/** What a fault of the network means, and what to look at. The first that fits counts. */
const MEANINGS: readonly (readonly [sign: RegExp, meaning: string])[] = [
  [
    /ECONNREFUSED|os error 111|Connection refused/,
    "Nobody listens there: is the server up, and the port right?",
  ],
  [
    /ENOTFOUND|getaddrinfo .*(?:EAI_NONAME)|Name or service not known/,
    "There is no such name: look at its spelling and at DNS.",
  ],
  [
    /EAI_AGAIN|Temporary failure in name resolution/,
    "Names can't be looked up: is this machine on the network?",
  ],
  [
    /ENETUNREACH|EHOSTUNREACH|ENETDOWN|No route to host|Network is unreachable/,
    "There is no way there: is this machine on the network?",
  ],
  [
    /ETIMEDOUT|timed? ?out/i,
    "No answer in time: the server or the way to it is too slow or blocked.",
  ],
  [
    /CERT_HAS_EXPIRED|certificate has expired|CertExpired/i,
    "The server's certificate has expired: its operator must renew it.",
  ],
  [
    /ALTNAME|NotValidForName|does not match certificate/i,
    "The server's certificate is for another name: look at the address.",
  ],
  [
    /self[- ]signed|UNABLE_TO_VERIFY|UnknownIssuer|unable to get local issuer/i,
    "The certificate is not signed by a trusted authority.",
  ],
  [
    /wrong version number|InvalidContentType|EPROTO/i,
    "TLS mismatch: check UseTLS and the port.",
  ],
  [/ECONNRESET|EPIPE|Connection reset|socket hang up/, "The other side cut the connection."],
];

/** What a reason that a network gave means to people; null where it speaks for itself. */
export function plainWords(reason: string): string | null {
  return MEANINGS.find(([sign]) => sign.test(reason))?.[1] ?? null;
}
