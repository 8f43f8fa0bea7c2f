import type { Part, WireText } from "../../../relay/port/bridge.ts";

/** For whom a part is sent. Stored with the part, as text. */
export interface Speaker {
  /** Account and id of the person: different for each. */
  readonly key: string;
  /** The name that the person shows. */
  readonly nick: string;
  /** How the part's text begins where the relay itself sends it: a puppet leaves that out. */
  readonly name: string;
}

const MARK = "puppet ";
const RELAYED = "relayed ";
const ACTION = "\x01ACTION ";

export function writeSpeaker(speaker: Speaker): string {
  return MARK + JSON.stringify([speaker.key, speaker.nick, speaker.name]);
}

/** The name for RELAYMSG: two halves, and what stands before the text where the relay itself says it. */
export type RelayedName = readonly [nick: string, network: string, lead: string];

export function writeRelayed(name: RelayedName): string {
  return RELAYED + JSON.stringify(name);
}

/** Null for a part that is not to be said by RELAYMSG. */
export function readRelayed({ speaker }: Part): RelayedName | null {
  if (speaker === null || speaker.startsWith(MARK)) return null;
  if (!speaker.startsWith(RELAYED)) {
    // Stored by an earlier version: the name as it was.
    const [nick = "", ...network] = speaker.split("/");
    return [nick, network.join("_") || "relay", `<${nick}> `];
  }
  const [nick = "", network = "", lead = ""] = fieldsOf(speaker.slice(RELAYED.length));
  return [nick, network, lead];
}

/** The text as the relay says it under its own nick. */
export function underOurNick(text: string, [, , lead]: RelayedName): WireText {
  const start = text.startsWith(ACTION) ? ACTION : "";
  return `${start}${lead}${text.slice(start.length)}` as WireText;
}

/** Null for a part without a speaker, and for the name of a RELAYMSG. */
export function readSpeaker(part: Part): Speaker | null {
  if (part.speaker === null || !part.speaker.startsWith(MARK)) return null;
  const [key, nick, name] = fieldsOf(part.speaker.slice(MARK.length));
  if (key === undefined || nick === undefined || name === undefined) return null;
  return { key, nick, name };
}

function fieldsOf(written: string): readonly string[] {
  try {
    const fields: unknown = JSON.parse(written);
    return Array.isArray(fields) ? fields.filter((field) => typeof field === "string") : [];
  } catch {
    return [];
  }
}

/** The part as the relay itself sends it, under its own nick. */
export function asRelay(part: Part): Part {
  return readSpeaker(part) === null ? part : { ...part, speaker: null };
}

/** The part as the person's puppet sends it: the nick tells who speaks, so that the name goes. */
export function asPuppet(part: Part, speaker: Speaker): Part {
  const lines = part.wire.split("\n").map((line) => withoutName(line, speaker.name));
  return { ...part, wire: lines.join("\n") as WireText, speaker: null };
}

function withoutName(line: string, name: string): string {
  const lead = line.startsWith(ACTION) ? ACTION : "";
  const text = line.slice(lead.length);
  return text.startsWith(name) && text !== name ? lead + text.slice(name.length) : line;
}

/** Both texts under which a history may show a part with the name for RELAYMSG: with the name before it, and without. */
export function relayedTexts(part: Part): readonly WireText[] {
  const name = readRelayed(part);
  return name === null ? [part.wire] : [part.wire, underOurNick(part.wire, name)];
}
