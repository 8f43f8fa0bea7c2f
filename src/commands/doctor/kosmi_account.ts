import { type KosmiLink, LinkEndedError } from "../../bridges/kosmi/link.ts";
import { dialKosmi } from "../../bridges/kosmi/dial.ts";
import { originsOf } from "../../bridges/kosmi/http.ts";
import { isTokenFault, linkEndOf, type LinkFault } from "../../bridges/kosmi/link_fault.ts";
import { OnceLog } from "../../bridges/kosmi/once_log.ts";
import type { KosmiProtocol } from "../../bridges/kosmi/protocol.ts";
import { describeError } from "../../base/errors.ts";
import type { KosmiAccountConfig } from "../../config/types.ts";
import { endpointsOf, protocolOf } from "../wire_kosmi.ts";
import type { DoctorContext } from "./context.ts";
import { checkBrowser } from "./kosmi_browser.ts";
import { checkHttp } from "./kosmi_http.ts";
import { checkRooms } from "./kosmi_rooms.ts";
import { checkSchema } from "./kosmi_schema.ts";
import { findToken, type TokenFinding } from "./kosmi_token.ts";
import type { RowWriter } from "./row.ts";

/** What the checks of one Kosmi account share. */
export interface KosmiChecks {
  readonly account: KosmiAccountConfig;
  readonly protocol: KosmiProtocol;
  readonly context: DoctorContext;
  readonly rows: RowWriter;
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
  const checks = { account, protocol, context, rows };
  const browser = checkBrowser(checks, signal);
  const httpWorks = await checkHttp(checks, signal);
  const token = await findToken(checks, httpWorks, signal);
  if (token === null) rows.skipped("WebSocket", "not tried: there is no token to connect with");
  else await checkLink(checks, token, signal);
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
  const { rows } = checks;
  const dialled = await dial(checks, token, signal);
  if (!("link" in dialled)) return tellFault(dialled.fault, token, rows);
  const { link } = dialled;
  rows.ok("WebSocket", "connected and acknowledged");
  try {
    await checkSchema(checks, link);
    await checkRooms(checks, token, link, signal);
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
  { account, protocol, context }: KosmiChecks,
  token: TokenFinding,
  signal: AbortSignal,
): Promise<{ link: KosmiLink } | { fault: LinkFault }> {
  const endpoints = endpointsOf(account);
  let fault: LinkFault = { kind: "network", said: "there is no Origin to send" };
  for (const origin of originsOf(protocol, endpoints)) {
    try {
      const link = await dialKosmi({
        url: endpoints.wsEndpoint,
        protocol,
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
  rows.broken("WebSocket", reason, remedyFor(fault));
}

function remedyFor(fault: LinkFault): string {
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
