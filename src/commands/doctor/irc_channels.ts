import type { ChannelFacts, ChannelFinding } from "../../bridges/irc/diagnosis/channel_facts.ts";
import type { IrcProbe, LoginFinding } from "../../bridges/irc/diagnosis/irc_probe.ts";
import type { EndpointConfig, IrcAccountConfig } from "../../config/options/config.ts";
import { type DoctorContext, TEST_LINE } from "./checks.ts";
import type { RowWriter } from "./rows.ts";

interface ChannelChecks {
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
    nick: account.options.nick,
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

/** Something that keeps the relay, or some of its messages, from being heard. */
interface SpeechFault {
  readonly state: "warn" | "broken";
  readonly seen: string;
  readonly remedy: string;
}

/** Who the relay is on this network. */
interface Speaker {
  /** Its configured nick: this check has another one. */
  readonly nick: string;
  /** `nick!user@host` of this check: user and host are the relay's too. */
  readonly mask: string;
  readonly loggedIn: boolean;
}

/** What in a channel that we are in would keep the relay from speaking. */
function speechFaults(channel: ChannelFacts, speaker: Speaker): SpeechFault[] {
  const modes = channel.modes ?? "";
  const has = (letter: string) => modes.includes(letter);
  const signs = channel.signsOf(speaker.nick);
  const isLifted = (signs ?? channel.ownSigns) !== "";
  const faults: SpeechFault[] = [];
  const { name } = channel;
  if (has("m") && !isLifted) faults.push(moderated(name, speaker.nick, signs));
  if (has("M") && !speaker.loggedIn && !isLifted) {
    faults.push({
      state: "broken",
      seen: `only registered nicks may speak in ${name} (+M), and the relay is not logged in`,
      remedy:
        `register the nick and set UseSASL with its password, or: /mode ${name} +v ${speaker.nick}`,
    });
  }
  if (/[rR]/.test(modes) && !speaker.loggedIn && !isLifted) {
    faults.push({
      state: "warn",
      seen: `${name} is for registered nicks (+${
        has("r") ? "r" : "R"
      }), and the relay is not logged in: on some networks that keeps it out or silent`,
      remedy: `register the nick and set UseSASL, or: /mode ${name} +v ${speaker.nick}`,
    });
  }
  const ban = isLifted ? undefined : channel.bans.find((mask) => hits(mask, speaker));
  if (ban !== undefined) {
    faults.push({
      state: "broken",
      seen: `the ban ${ban} of ${name} is on the relay's nick`,
      remedy: `ask a channel operator for: /mode ${name} -b ${ban}`,
    });
  }
  if (has("c")) {
    faults.push({
      state: "warn",
      seen: `${name} refuses formatted text (+c): the relay then says it again as plain text`,
      remedy: `set StripMarkdown=true for this account, or: /mode ${name} -c`,
    });
  }
  if (has("C")) {
    faults.push({
      state: "warn",
      seen: `${name} refuses CTCP (+C): on some networks that includes /me actions`,
      remedy: `ask a channel operator for: /mode ${name} -C, if actions are missing`,
    });
  }
  return faults;
}

function moderated(name: string, nick: string, signs: string | null): SpeechFault {
  return {
    state: "broken",
    seen: signs === null
      ? `${name} is moderated (+m): who has no voice is not heard, and ${nick} is not there to see whether it has one`
      : `${name} is moderated (+m), and ${nick} has no voice`,
    remedy: `ask a channel operator for: /mode ${name} +v ${nick}`,
  };
}

/** True for a mask that is on the relay's nick, mutes (m:, ~q:, ~quiet:) included. */
function hits(written: string, speaker: Speaker): boolean {
  const mask = written.replace(/^(?:~?(?:m|q|quiet|mute|n|nick):|\$~?)/i, "").split("$")[0] ?? "";
  if (!/[!@]/.test(mask)) return false;
  const rest = speaker.mask.slice(speaker.mask.indexOf("!"));
  const pattern = mask.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll(
    "?",
    ".",
  );
  return new RegExp(`^${pattern}$`, "i").test(`${speaker.nick}${rest}`);
}

const REMEDIES: Readonly<Record<string, string>> = {
  "403": "check how the channel is spelt in the gateway",
  "405": "use fewer channels on this network",
  "470": "set the channel that it forwards to in the gateway, or ask to be let in",
  "471": "ask a channel operator to raise the limit (+l)",
  "473": "ask a channel operator for an invite exception",
  "474": "ask a channel operator to lift the ban",
  "477": "register the nick and set UseSASL with its password",
  "489": "set UseTLS=true and the server's TLS port",
};

/** What to do about a refused JOIN. */
function joinRemedy(
  numeric: string,
  account: IrcAccountConfig,
  place: { readonly channel: string; readonly key: string | null },
): string {
  if (numeric === "475") {
    return place.key === null
      ? 'set the channel\'s key in the gateway: options={key="…"}'
      : "the key in the gateway's options is wrong: ask a channel operator";
  }
  if (numeric === "473") {
    return `ask a channel operator for: /mode ${place.channel} +I ${account.options.nick}!*@*`;
  }
  return REMEDIES[numeric] ?? "ask a channel operator; the relay goes on trying";
}
