import { describeError } from "../../base/errors.ts";
import { OnceLog } from "../../base/log.ts";
import { dialKosmi, firstFrame } from "../../bridges/kosmi/bridge.ts";
import { type HttpFinding, probeHttp } from "../../bridges/kosmi/diagnosis/http_probe.ts";
import { type RoomFinding, RoomProbe } from "../../bridges/kosmi/diagnosis/room_probe.ts";
import { originsOf } from "../../bridges/kosmi/link/http.ts";
import { type KosmiLink, LinkEndedError } from "../../bridges/kosmi/link/link.ts";
import { isTokenFault, linkEndOf, type LinkFault } from "../../bridges/kosmi/link/link_end.ts";
import type { KosmiProtocol } from "../../bridges/kosmi/protocol/protocol.ts";
import { roomIdOf } from "../../bridges/kosmi/room/room_id.ts";
import type { KosmiAccountConfig } from "../../config/options/config.ts";
import type { ChannelPlan } from "../../relay/port/bridge.ts";
import type { ChannelId } from "../../relay/port/ids.ts";
import { endpointsOf, protocolOf } from "../setup/kosmi.ts";
import { type DoctorContext, TEST_LINE } from "./checks.ts";
import { type AppInquiry, checkWebApp, inquireApp, reportOn } from "./kosmi_app.ts";
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
  const dialled = await dial(checks, token, signal);
  if (!("link" in dialled)) return tellFault(dialled.fault, token, rows);
  const { link } = dialled;
  rows.ok("WebSocket", "connected and acknowledged");
  try {
    await checkSchema(checks, link);
    await checkRooms(checks, token, link, signal);
    context.reports?.set(account.id, await reportOn(checks, link));
  } catch (thrown) {
    if (!(thrown instanceof LinkEndedError)) throw thrown;
    rows.broken(
      "WebSocket",
      `the connection ended: ${linkEndOf(thrown.fault, token.expectsLogin).reason}`,
      AGAIN,
    );
  } finally {
    await link.close(1_000);
  }
}

async function dial(
  { account, protocol, context, inquiry }: KosmiChecks,
  token: TokenFinding,
  signal: AbortSignal,
): Promise<{ link: KosmiLink } | { fault: LinkFault }> {
  const endpoints = endpointsOf(account);
  let fault: LinkFault = { kind: "network", said: "there is no Origin to send" };
  for (const origin of originsOf(protocol, endpoints)) {
    try {
      const link = await dialKosmi({
        url: endpoints.wsEndpoint,
        protocol: { ...protocol, ...firstFrame(protocol, inquiry.app) },
        origin,
        token: token.token,
        clock: context.clock,
        said: new OnceLog(context.logging.logger(["doctor", account.name])),
        latency: () => {},
      }, signal);
      return { link };
    } catch (thrown) {
      if (!(thrown instanceof LinkEndedError)) throw thrown;
      fault = thrown.fault;
    }
    if (fault.kind !== "handshake" || fault.status !== 403) break;
  }
  return { fault };
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
  link: KosmiLink,
  signal: AbortSignal,
): Promise<void> {
  const { account, protocol, context, rows, inquiry } = checks;
  const rooms = plansOf(checks);
  const probe = new RoomProbe({
    link,
    token: token.token,
    expectsLogin: token.expectsLogin,
    protocol,
    app: inquiry.app,
    rooms,
    markup: account.options.markup,
    clock: context.clock,
    random: Math.random,
    log: context.logging.logger(["doctor", account.name]),
    limitMs: ROOMS_MS,
  });
  const findings = await probe.run(signal);
  tellSelf(probe, token, rows);
  for (const { channel, sends } of rooms) {
    const finding = findings.get(channel) ?? { kind: "silent" };
    const isUp = tellRoom(checks, token, channel, finding);
    if (isUp && sends) await checkOwnMessages(checks, probe, channel, signal);
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

function tellSelf(probe: RoomProbe, token: TokenFinding, rows: KosmiChecks["rows"]): void {
  const { self } = probe;
  if (self === null) return;
  const isAnonymous = probe.isAnonymous === true;
  if (token.expectsLogin && isAnonymous) {
    return rows.warn(
      "identity",
      `Kosmi shows us as the anonymous user "${self.nick}" although the token is of a login`,
      "kosmi-relay token refresh",
    );
  }
  rows.ok("identity", `Kosmi shows us as "${self.nick}"${isAnonymous ? " (anonymous)" : ""}`);
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
      rows.ok(check, "entered");
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
  if (/does not let us/.test(reason)) {
    return token.expectsLogin
      ? "have the room's owner let this account in"
      : "the room is private: set Email and Password of an account that may enter";
  }
  if (/at Kosmi: /.test(reason)) return "see the schema rows: Kosmi has changed";
  return "try again; the relay goes on trying";
}

/** A message of ours is proven only when it comes back: without --send we see no further than the subscription. */
async function checkOwnMessages(
  { context, rows }: KosmiChecks,
  probe: RoomProbe,
  channel: ChannelId,
  signal: AbortSignal,
): Promise<void> {
  const check = `own messages ${channel}`;
  if (!context.send) {
    return rows.ok(check, "the subscription runs; --send proves it with a line that people see");
  }
  const receipt = await probe.say(channel, TEST_LINE, signal);
  if (receipt.outcome === "confirmed") {
    return rows.ok(check, "a test message was sent and came back");
  }
  rows.broken(
    check,
    `the test message did not come back: ${receipt.reason}`,
    "Kosmi may limit this account or address: try again later, or with another account",
  );
}

const LIMIT_MS = 12_000;

/** Does Kosmi's HTTP endpoint answer? Anonymous logins go that way. */
async function checkHttp(checks: KosmiChecks, signal: AbortSignal): Promise<boolean> {
  const { account, protocol, context, rows } = checks;
  const { clock, clocks } = context;
  const endpoints = endpointsOf(account);
  const { fault, time } = await probeHttp(
    { endpoints, protocol, clock, limitMs: LIMIT_MS },
    signal,
  );
  const { host } = new URL(endpoints.httpEndpoint);
  if (time !== null) clocks.push({ source: host, ...time });
  if (fault === null) rows.ok("HTTP", `${host} answers`);
  else rows.broken("HTTP", `${host}: ${seenOf(fault)}`, httpRemedy(fault));
  return fault === null;
}

type Fault = NonNullable<HttpFinding["fault"]>;

function seenOf(fault: Fault): string {
  switch (fault.kind) {
    case "network":
      return fault.said;
    case "status":
      return fault.status === 403
        ? "it answers with HTTP 403: it does not accept the Origin or User-Agent, or blocks this address"
        : `it answers with HTTP ${fault.status}`;
    case "strange":
      return `it answers with ${fault.said}`;
  }
}

function httpRemedy(fault: Fault): string {
  if (fault.kind === "network") {
    return "check HTTPEndpoint, this machine's network and its names (DNS)";
  }
  if (fault.kind === "strange") {
    return "check HTTPEndpoint: something else is there (a proxy's page?)";
  }
  if (fault.status === 403) {
    return "check AppURL; [kosmi.NAME.overrides] origin and userAgent set others; or use another address";
  }
  if (fault.status === 429) return "wait some minutes: too many requests";
  return fault.status >= 500
    ? "Kosmi itself is in trouble: wait, the relay goes on trying"
    : "check HTTPEndpoint";
}
