import { type RoomFinding, RoomProbe } from "../../bridges/kosmi/diagnosis/room_probe.ts";
import type { KosmiLink } from "../../bridges/kosmi/link.ts";
import { roomIdOf } from "../../bridges/kosmi/room_id.ts";
import { describeError } from "../../base/errors.ts";
import type { ChannelPlan } from "../../relay/bridge.ts";
import type { ChannelId } from "../../relay/ids.ts";
import { TEST_LINE } from "./context.ts";
import type { KosmiChecks } from "./kosmi_account.ts";
import type { TokenFinding } from "./kosmi_token.ts";

const ROOMS_MS = 20_000;

/** Who are we there, can each room be entered, and would our own messages be shown to us? */
export async function checkRooms(
  checks: KosmiChecks,
  token: TokenFinding,
  link: KosmiLink,
  signal: AbortSignal,
): Promise<void> {
  const { account, protocol, context, rows } = checks;
  const rooms = plansOf(checks);
  const probe = new RoomProbe({
    link,
    token: token.token,
    expectsLogin: token.expectsLogin,
    protocol,
    rooms,
    markup: account.markup,
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
      const channel = roomIdOf(endpoint.channel, account.roomUrl);
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
  { rows }: KosmiChecks,
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
      if (token.standsIn) {
        rows.skipped(check, `as an anonymous visitor: ${finding.reason}`);
      } else rows.broken(check, finding.reason, remedyFor(finding.reason, token));
      return false;
  }
}

function remedyFor(reason: string, token: TokenFinding): string {
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
