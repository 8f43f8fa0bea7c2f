import type { Link } from "../../bridges/irc/link/link.ts";
import { type IrcMessage, lastParam, param } from "../../bridges/irc/wire/message.ts";
import type { EndpointConfig, IrcAccountConfig } from "../../config/options/config.ts";
import type { ChannelId } from "../../relay/port/ids.ts";
import { type DoctorContext, TEST_LINE } from "./checks.ts";
import type { IrcCheck } from "./irc_check.ts";
import type { RowWriter } from "./rows.ts";

interface ChannelChecks {
  readonly account: IrcAccountConfig;
  readonly check: IrcCheck;
  readonly link: Link;
  readonly context: DoctorContext;
  readonly rows: RowWriter;
}

/** Rows for each channel of the account: can it be joined, and would what is said there be heard? */
export async function checkChannels(checks: ChannelChecks, signal: AbortSignal): Promise<void> {
  for (const place of placesOf(checks)) {
    if (signal.aborted) return;
    await checkChannel(checks, place);
  }
}

async function checkChannel(checks: ChannelChecks, place: Place): Promise<void> {
  const { check, link, rows } = checks;
  const { channel, key, sends } = place;
  const notes = new ChannelNotes(link, channel);
  const hear = (message: IrcMessage) => notes.hear(message);
  check.listeners.add(hear);
  try {
    const id = channel as ChannelId;
    const outcome = await check.join(link, { channel: id, written: channel, key, sends });
    if (outcome?.refusal === null) await askModes(checks, notes);
    const isIn = tellChannel(
      checks,
      place,
      notes,
      outcome?.refusal?.reason ?? null,
      outcome !== null,
    );
    if (isIn && sends) await speak(checks, id);
    else if (isIn) rows.ok(`${channel} speech`, "not needed: only read here");
  } finally {
    check.listeners.delete(hear);
  }
}

async function askModes({ check, link }: ChannelChecks, { name }: ChannelNotes): Promise<void> {
  const ask = (params: readonly string[], last: readonly string[]) =>
    check.ask(link, { command: "MODE", params }, ({ command }) => {
      const isRefusal = /^(403|442|461|472|482|501)$/.test(command);
      return last.includes(command) || isRefusal ? true : null;
    });
  await ask([name], ["324"]);
  await ask([name, "b"], ["368"]);
  const lists = (link.server.text("CHANMODES") ?? "").split(",")[0] ?? "";
  if (lists.includes("q")) await ask([name, "q"], ["729", "386", "387"]);
}

/** Gathers what the server says of one channel that is being joined. */
class ChannelNotes {
  readonly #link: Link;
  readonly #names = new Map<string, string>();
  /** Masks of the ban list, and of the list of muted masks where the server has one. */
  readonly bans: string[] = [];
  /** Letters of the channel's modes, such as "nt"; null where the server did not tell. */
  modes: string | null = null;
  /** As the server writes it. */
  name: string;
  /** The numeric that refused the JOIN; "" where none did. */
  refusedBy = "";

  constructor(link: Link, name: string) {
    this.#link = link;
    this.name = name;
  }

  hear(message: IrcMessage): void {
    const { server } = this.#link;
    const isAbout = (at: number) => server.isSame(param(message, at), this.name);
    switch (message.command) {
      case "353":
        if (isAbout(2)) this.#addNames(lastParam(message));
        return;
      case "324":
        if (!isAbout(1)) return;
        this.name = param(message, 1);
        this.modes = param(message, 2).replace(/[^A-Za-z]/g, "");
        return;
      case "367":
        if (isAbout(1)) this.bans.push(param(message, 2));
        return;
      case "728":
        // Solanum's list of muted masks: channel, letter, mask.
        if (isAbout(1)) this.bans.push(param(message, 3));
        return;
      default:
        if (/^[4-9]\d\d$/.test(message.command) && isAbout(1)) this.refusedBy ||= message.command;
    }
  }

  /** Signs before a nick in the list of names ("@" operator, "+" voice …); null when it is not in the channel. */
  signsOf(nick: string): string | null {
    return this.#names.get(this.#link.server.fold(nick)) ?? null;
  }

  #addNames(list: string): void {
    const { server } = this.#link;
    for (const entry of list.split(" ")) {
      let at = 0;
      while (at < entry.length && server.prefixSigns.includes(entry.charAt(at))) at++;
      const nick = entry.slice(at).split("!")[0] ?? "";
      if (nick !== "") this.#names.set(server.fold(nick), entry.slice(0, at));
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

/** Rows for the JOIN and for what would keep the relay from speaking; false when it is not in. */
function tellChannel(
  checks: ChannelChecks,
  place: Place,
  notes: ChannelNotes,
  refusal: string | null,
  isAnswered: boolean,
): boolean {
  const { rows, account, check, link } = checks;
  const { channel } = place;
  if (!isAnswered) {
    const seen = "the server did not answer our JOIN";
    rows.broken(channel, seen, "try again; see the server's own messages");
    return false;
  }
  if (refusal !== null) {
    rows.broken(channel, refusal, joinRemedy(notes.refusedBy, account, place));
    return false;
  }
  rows.ok(channel, `joined${notes.modes === null ? "" : `, modes +${notes.modes}`}`);
  if (!place.sends) return true;
  const { self } = link;
  const faults = speechFaults(notes, {
    nick: account.options.nick,
    ownNick: self.nick,
    mask: `${self.nick}!${self.person.userId}`,
    loggedIn: check.loggedIn,
  });
  for (const { state, seen, remedy } of faults) {
    rows[state](`${channel} speech`, seen, remedy);
  }
  if (faults.length === 0) rows.ok(`${channel} speech`, "nothing keeps the relay from speaking");
  return true;
}

/** Only with --send: people see it. */
async function speak({ check, context, rows }: ChannelChecks, channel: ChannelId): Promise<void> {
  if (!context.send) return;
  const receipt = await check.say(channel, TEST_LINE);
  const row = `${channel} test message`;
  if (receipt.outcome === "confirmed") rows.ok(row, "the server took it");
  else {
    rows.broken(
      row,
      `the server refused it: ${receipt.reason}`,
      "see the server's words: a mode of the channel is in the way",
    );
  }
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
  /** The nick of this check. */
  readonly ownNick: string;
  /** `nick!user@host` of this check: user and host are the relay's too. */
  readonly mask: string;
  readonly loggedIn: boolean;
}

/** What in a channel that we are in would keep the relay from speaking. */
function speechFaults(channel: ChannelNotes, speaker: Speaker): SpeechFault[] {
  const modes = channel.modes ?? "";
  const has = (letter: string) => modes.includes(letter);
  const signs = channel.signsOf(speaker.nick);
  const isLifted = (signs ?? channel.signsOf(speaker.ownNick) ?? "") !== "";
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
      ? `${name} is moderated (+m): ${nick} is not in the channel, so its voice (+v) cannot be checked`
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
