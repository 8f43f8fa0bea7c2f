import { describeError } from "../../base/errors.ts";
import { property } from "../../base/json.ts";
import { HttpStatusError, postGraphql, schemaOverHttp } from "../../bridges/kosmi/link/http.ts";
import { LinkEndedError } from "../../bridges/kosmi/link/link.ts";
import { isTokenFault, linkEndOf, type LinkFault } from "../../bridges/kosmi/link/link_end.ts";
import type { KosmiBridgeOptions } from "../../bridges/kosmi/link/options.ts";
import type { KosmiProtocol } from "../../bridges/kosmi/protocol/protocol.ts";
import type { Schema } from "../../bridges/kosmi/protocol/schema.ts";
import { roomIdOf } from "../../bridges/kosmi/room/room_id.ts";
import type { KosmiAccountConfig } from "../../config/options/config.ts";
import type { ChannelPlan } from "../../relay/port/bridge.ts";
import type { ChannelId } from "../../relay/port/ids.ts";
import { endpointsOf, kosmiOptionsOf, protocolOf } from "../setup/kosmi.ts";
import { type DoctorContext, TEST_LINE } from "./checks.ts";
import { type AppInquiry, checkWebApp, inquireApp, reportOn } from "./kosmi_app.ts";
import { KosmiCheck, type RoomFinding } from "./kosmi_check.ts";
import { checkSchema } from "./kosmi_schema.ts";
import { checkBrowser, findToken, type TokenFinding } from "./kosmi_token.ts";
import type { RowWriter } from "./rows.ts";

/** What the checks of one Kosmi account share. */
export interface KosmiChecks {
  readonly account: KosmiAccountConfig;
  readonly protocol: KosmiProtocol;
  readonly context: DoctorContext;
  readonly rows: RowWriter;
  readonly inquiry: AppInquiry;
}

const DIAL_MS = 10_000;

/** Everything about one Kosmi account, over a connection of its own. */
export async function checkKosmiAccount(
  account: KosmiAccountConfig,
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  let protocol: KosmiProtocol;
  try {
    protocol = hurried(protocolOf(account));
  } catch (error) {
    return rows.broken("overrides", describeError(error), `correct [${account.id}.overrides]`);
  }
  const inquiry = inquireApp({ account, protocol, context, rows }, signal);
  const checks = { account, protocol, context, rows, inquiry };
  const browser = checkBrowser(checks, signal);
  const httpWorks = await checkHttp(checks, signal);
  const token = await findToken(checks, httpWorks, signal);
  if (token === null) rows.skipped("WebSocket", "not tried: there is no token to connect with");
  else await checkLink(checks, token, signal);
  await checkWebApp(checks);
  await browser;
}

/** A person waits. */
function hurried(protocol: KosmiProtocol): KosmiProtocol {
  const { limits } = protocol;
  const handshakeTimeoutMs = Math.min(limits.handshakeTimeoutMs, DIAL_MS);
  return { ...protocol, limits: { ...limits, handshakeTimeoutMs } };
}

async function checkLink(
  checks: KosmiChecks,
  token: TokenFinding,
  signal: AbortSignal,
): Promise<void> {
  const { rows, context, account } = checks;
  const rooms = plansOf(checks);
  const check = new KosmiCheck(optionsOf(checks, token), rooms, signal);
  const link = await check.ready.promise;
  if (link === null) return tellFault(check.fault, token, rows);
  rows.ok("WebSocket", "connected and acknowledged");
  const overHttp = shownOverHttp(checks, signal);
  try {
    await checkRooms(checks, token, check, rooms, signal);
    await checkSchema(checks, link, await overHttp);
    context.reports?.set(account.id, await reportOn(checks, link));
  } catch (thrown) {
    if (!(thrown instanceof LinkEndedError)) throw thrown;
    // The session has looked at it too: that it does not hold is told where it belongs.
    if (isTokenFault(thrown.fault)) return tellFault(thrown.fault, token, rows);
    const { reason } = linkEndOf(thrown.fault, token.expectsLogin);
    rows.broken("WebSocket", `the connection ended: ${reason}`, AGAIN);
  } finally {
    await check.close();
  }
}

/** What Kosmi's HTTP endpoint shows of its schema; null where it shows none, or does not answer. */
function shownOverHttp(
  { account, protocol, context: { clock } }: KosmiChecks,
  signal: AbortSignal,
): Promise<Schema | null> {
  const endpoints = endpointsOf(account);
  const action = "ask Kosmi for its schema";
  return schemaOverHttp({ protocol, endpoints, clock, fetch, limitMs: DIAL_MS, action }, signal)
    .catch(() => null);
}

/** The relay's options, with a token of this check and without what changes anything. */
function optionsOf(
  { account, protocol, context, inquiry }: KosmiChecks,
  { token, expectsLogin }: TokenFinding,
): KosmiBridgeOptions {
  const { clock, config, logging } = context;
  const credentials = { get: () => Promise.resolve({ token, expectsLogin }), refused: () => {} };
  const log = logging.logger(["doctor", account.name]);
  const wiring = { general: config.general, clock, random: Math.random, log, credentials };
  return {
    ...kosmiOptionsOf(account, { ...wiring, app: inquiry.app }),
    // A check must not end the relay's own connection of the same account.
    protocol: { ...protocol, disconnectOtherConnections: false },
    ...{ messageDelayMs: 0, uploadImages: false, history: { maxMessages: 20 } },
  };
}

const AGAIN = "try again; the relay reconnects by itself";

function tellFault(fault: LinkFault, token: TokenFinding, rows: RowWriter): void {
  const { reason } = linkEndOf(fault, token.expectsLogin);
  if (isTokenFault(fault)) {
    rows.ok("WebSocket", "connected");
    return rows.broken("token accepted", reason, token.remedy);
  }
  rows.broken("WebSocket", reason, linkRemedy(fault));
}

function linkRemedy(fault: LinkFault): string {
  switch (fault.kind) {
    case "handshake":
      if (fault.status === 403) {
        return "check AppURL and WSEndpoint; [kosmi.NAME.overrides] origin sets another Origin";
      }
      if (fault.status === 429) return "wait some minutes: too many attempts";
      return fault.status >= 500
        ? "Kosmi itself is in trouble: wait, the relay reconnects by itself"
        : "check WSEndpoint";
    case "no-ack":
      return "Kosmi may want another version: see v in [kosmi.NAME.overrides]; or it is in trouble: wait";
    case "network":
      return "check WSEndpoint, this machine's network and its names (DNS)";
    default:
      return AGAIN;
  }
}

const ROOMS_MS = 20_000;

/** Who are we there, can each room be entered, and would our own messages be shown to us? */
async function checkRooms(
  checks: KosmiChecks,
  token: TokenFinding,
  check: KosmiCheck,
  rooms: readonly ChannelPlan[],
  signal: AbortSignal,
): Promise<void> {
  const { context: { clock }, rows } = checks;
  const over = new AbortController();
  const limit = clock.sleep(ROOMS_MS, AbortSignal.any([signal, over.signal])).catch(() => {});
  const findings = await check.rooms(limit);
  over.abort();
  tellSelf(check, token, rows);
  for (const { channel, sends } of rooms) {
    const isUp = tellRoom(checks, token, channel, findings.get(channel) ?? { kind: "silent" });
    if (isUp && sends) await checkOwnMessages(checks, check, channel, signal);
  }
}

function plansOf({ account, context, rows }: KosmiChecks): ChannelPlan[] {
  const plans = new Map<ChannelId, ChannelPlan>();
  for (const endpoint of context.config.gateways.flatMap((gateway) => gateway.endpoints)) {
    if (endpoint.account !== account.id) continue;
    try {
      const channel = roomIdOf(endpoint.channel, account.options.roomUrl);
      const sends = (plans.get(channel)?.sends ?? false) || endpoint.direction !== "in";
      plans.set(channel, { channel, written: endpoint.channel, key: null, sends });
    } catch (error) {
      rows.broken("room", describeError(error), "correct the channel in the gateway, or RoomURL");
    }
  }
  return [...plans.values()];
}

function tellSelf(check: KosmiCheck, token: TokenFinding, rows: KosmiChecks["rows"]): void {
  const { self } = check;
  if (self === null) return;
  const isAnonymous = check.isAnonymous === true;
  if (token.expectsLogin && isAnonymous) {
    return rows.warn(
      "identity",
      `Kosmi shows the relay as the anonymous user "${self.nick}" although the token is of a login`,
      "kosmi-relay token refresh",
    );
  }
  rows.ok(
    "identity",
    `Kosmi shows the relay as "${self.nick}"${isAnonymous ? " (anonymous)" : ""}`,
  );
}

function tellRoom(
  { rows, protocol }: KosmiChecks,
  token: TokenFinding,
  channel: ChannelId,
  finding: RoomFinding,
): boolean {
  const check = `room ${channel}`;
  switch (finding.kind) {
    case "up":
      rows.ok(check, "joined");
      return true;
    case "silent":
      rows.broken(
        check,
        `Kosmi did not let us in within ${ROOMS_MS / 1000} s`,
        "try again; the relay goes on trying",
      );
      return false;
    case "down":
      // The room itself is well: what is wrong has a row of its own.
      if (finding.reason.includes(`${protocol.operations.newMessage.title} at Kosmi`)) {
        rows.skipped(check, "entered, but its messages can't be read: see the schema rows");
      } else if (token.standsIn) {
        rows.skipped(check, `as an anonymous visitor: ${finding.reason}`);
      } else rows.broken(check, finding.reason, roomRemedy(finding.reason, token));
      return false;
  }
}

function roomRemedy(reason: string, token: TokenFinding): string {
  if (/has no room/.test(reason)) {
    return "copy the room's address from the browser, with its @ if it has one";
  }
  if (/does not let the relay/.test(reason)) {
    return token.expectsLogin
      ? "have the room's owner let this account in"
      : "the room is private: log in, with Email and Password of a user who may enter";
  }
  if (/at Kosmi: /.test(reason)) return "see the schema rows: Kosmi has changed";
  return "try again; the relay goes on trying";
}

/** A message of ours is proven only when it comes back: without --send we see no further than the subscription. */
async function checkOwnMessages(
  { context, rows }: KosmiChecks,
  check: KosmiCheck,
  channel: ChannelId,
  signal: AbortSignal,
): Promise<void> {
  const row = `own messages ${channel}`;
  if (!context.send) {
    return rows.ok(row, "subscription active; --send tests it with a visible message");
  }
  const receipt = await check.say(channel, TEST_LINE, signal);
  if (receipt.outcome === "confirmed") {
    return rows.ok(row, "a test message was sent and came back");
  }
  rows.broken(
    row,
    `the test message did not come back: ${receipt.reason}`,
    "Kosmi may limit this account or address: try again later, or with another account",
  );
}

const LIMIT_MS = 12_000;

/** Does Kosmi's HTTP endpoint answer? Anonymous logins go that way. */
async function checkHttp(checks: KosmiChecks, signal: AbortSignal): Promise<boolean> {
  const { account, protocol, context: { clock, clocks }, rows } = checks;
  const endpoints = endpointsOf(account);
  const { host } = new URL(endpoints.httpEndpoint);
  let isPage = false;
  const fetchLooking = async (url: string, init: RequestInit) => {
    const response = await fetch(url, init);
    isPage = /html/.test(response.headers.get("content-type") ?? "");
    const serverMs = Date.parse(response.headers.get("date") ?? "");
    // The header counts whole seconds, cut: half a second more is the likeliest.
    const sample = { source: host, serverMs: serverMs + 500, ourMs: clock.now() };
    if (!Number.isNaN(serverMs) && !clocks.some(({ source }) => source === host)) {
      clocks.push(sample);
    }
    return response;
  };
  const http = {
    ...{ protocol, endpoints, clock, fetch: fetchLooking },
    ...{ limitMs: LIMIT_MS, action: "ask Kosmi over HTTP" },
  };
  try {
    const answer = await postGraphql(http, { query: "{ __typename }" }, signal);
    // Also an answer with errors is GraphQL's: not everybody may ask everything over HTTP.
    const isGraphql = ["data", "errors"].some((name) => property(answer, name) !== undefined);
    if (!isGraphql) throw new Error("it answers with JSON that is no answer of a GraphQL server");
    rows.ok("HTTP", `${host} answers`);
    return true;
  } catch (thrown) {
    const { seen, remedy } = httpFault(thrown, isPage);
    rows.broken("HTTP", `${host}: ${seen}`, remedy);
    return false;
  }
}

function httpFault(thrown: unknown, isPage: boolean): { seen: string; remedy: string } {
  if (thrown instanceof HttpStatusError) return statusFault(thrown.status);
  const seen = describeError(thrown).replace(/^Cannot ask Kosmi over HTTP: /, "");
  if (!/JSON/.test(seen)) {
    return { seen, remedy: "check HTTPEndpoint, this machine's network and its names (DNS)" };
  }
  return {
    seen: isPage ? "it answers with a web page" : seen,
    remedy: "check HTTPEndpoint: something else is there (a proxy's page?)",
  };
}

function statusFault(status: number): { seen: string; remedy: string } {
  if (status === 403) {
    return {
      seen:
        "it answers with HTTP 403: it does not accept the Origin or User-Agent, or blocks this address",
      remedy:
        "check AppURL; [kosmi.NAME.overrides] origin and userAgent set others; or use another address",
    };
  }
  const seen = `it answers with HTTP ${status}`;
  if (status === 429) return { seen, remedy: "wait some minutes: too many requests" };
  const isTheirs = status >= 500;
  const wait = "Kosmi itself is in trouble: wait, the relay goes on trying";
  return { seen, remedy: isTheirs ? wait : "check HTTPEndpoint" };
}
