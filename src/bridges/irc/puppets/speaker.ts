import type { Part, WireText } from "../../../relay/bridge.ts";
import { puppetUser } from "./puppet_name.ts";

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
const ACTION = "\x01ACTION ";

export function writeSpeaker(speaker: Speaker): string {
  return MARK + JSON.stringify([speaker.key, speaker.nick, speaker.name]);
}

/** Null for a part without a speaker, and for the nick of a RELAYMSG. */
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
  const lead = part.wire.startsWith(ACTION) ? ACTION : "";
  const text = part.wire.slice(lead.length);
  if (!text.startsWith(speaker.name) || text === speaker.name) return { ...part, speaker: null };
  const said = (lead + text.slice(speaker.name.length)) as WireText;
  return { ...part, wire: said, speaker: null };
}

/** A puppet's line as the history is compared with what was under way: of two who said the same, each has their own. */
export function puppetWire(user: string, text: string): WireText {
  return `\0${user}\0${text}` as WireText;
}

/** Both texts under which a history may show a part: the relay's own line, and the puppet's. */
export function shownTexts(part: Part): readonly WireText[] {
  const speaker = readSpeaker(part);
  if (speaker === null) return [part.wire];
  return [part.wire, puppetWire(puppetUser(speaker.key), asPuppet(part, speaker).wire)];
}
