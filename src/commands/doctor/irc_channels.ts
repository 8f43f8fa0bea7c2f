import type { ChannelFinding } from "../../bridges/irc/diagnosis/channel_facts.ts";
import type { IrcProbe, LoginFinding } from "../../bridges/irc/diagnosis/irc_probe.ts";
import type { EndpointConfig, IrcAccountConfig } from "../../config/types.ts";
import { type DoctorContext, TEST_LINE } from "./context.ts";
import { joinRemedy, speechFaults } from "./irc_speech.ts";
import type { RowWriter } from "./row.ts";

export interface ChannelChecks {
  readonly account: IrcAccountConfig;
  readonly probe: IrcProbe;
  readonly login: LoginFinding & { readonly ok: true };
  readonly context: DoctorContext;
  readonly rows: RowWriter;
}

/** Rows for each channel of the account: can it be entered, and would what is said there be heard? */
export async function checkChannels(checks: ChannelChecks, signal: AbortSignal): Promise<void> {
  for (const place of placesOf(checks)) {
    if (signal.aborted) return;
    const finding = await checks.probe.look(place.channel, place.key);
    tellChannel(checks, place, finding);
    if (finding.kind === "in" && place.sends) await speak(checks, finding.name);
    else if (finding.kind === "in") {
      checks.rows.ok(`${place.channel} speech`, "not needed: only read here");
    }
  }
}

interface Place {
  readonly channel: string;
  readonly key: string | null;
  readonly sends: boolean;
}

function placesOf({ account, context }: ChannelChecks): Place[] {
  const places = new Map<string, Place>();
  const isOurs = (endpoint: EndpointConfig) => endpoint.account === account.id;
  for (const endpoint of context.config.gateways.flatMap((gateway) => gateway.endpoints)) {
    if (!isOurs(endpoint)) continue;
    const name = endpoint.channel.trim().toLowerCase();
    const known = places.get(name);
    places.set(name, {
      channel: name,
      key: known?.key ?? endpoint.key,
      sends: (known?.sends ?? false) || endpoint.direction !== "in",
    });
  }
  return [...places.values()];
}

function tellChannel(checks: ChannelChecks, place: Place, finding: ChannelFinding): void {
  const { rows, account, login } = checks;
  const { channel } = place;
  if (finding.kind === "silent") {
    return rows.broken(
      channel,
      "the server did not answer our JOIN",
      "try again; see the server's own messages",
    );
  }
  if (finding.kind === "refused") {
    return rows.broken(
      channel,
      finding.refusal.reason,
      joinRemedy(finding.numeric, account, place),
    );
  }
  rows.ok(channel, `entered${finding.modes === null ? "" : `, modes +${finding.modes}`}`);
  if (!place.sends) return;
  const faults = speechFaults(finding, {
    nick: account.nick,
    mask: login.mask,
    loggedIn: login.loggedIn,
  });
  for (const { state, seen, remedy } of faults) {
    rows[state](`${channel} speech`, seen, remedy);
  }
  if (faults.length === 0) rows.ok(`${channel} speech`, "nothing keeps the relay from speaking");
}

/** Only with --send: people see it. */
async function speak({ probe, context, rows }: ChannelChecks, channel: string): Promise<void> {
  if (!context.send) return;
  const refusal = await probe.say(channel, TEST_LINE);
  const check = `${channel} test message`;
  if (refusal === null) rows.ok(check, "the server took it");
  else {rows.broken(
      check,
      `the server refused it: ${refusal}`,
      "see the server's words: a mode of the channel is in the way",
    );}
}
