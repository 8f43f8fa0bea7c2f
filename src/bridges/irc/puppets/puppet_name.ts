import { visibleLine } from "../../../base/text.ts";
import { createHash } from "node:crypto";
import type { Part, WireText } from "../../../relay/port/bridge.ts";
import { asPuppet, readSpeaker, relayedTexts } from "../sending/speaker.ts";

/** Letters that Unicode does not take apart into a plain one and its marks. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  Æ: "Ae",
  œ: "oe",
  Œ: "Oe",
  ø: "o",
  Ø: "O",
  đ: "d",
  Đ: "D",
  ð: "d",
  Ð: "D",
  þ: "th",
  Þ: "Th",
  ł: "l",
  Ł: "L",
  ı: "i",
};

const USER_LETTERS = 7;
/** No server takes so long a nick: the rest need not be read. */
const LONGEST_NAME = 200;

/**
 * A person's name as a nick that every IRC server takes: ASCII, no spaces, no digit at its start, `suffix` at its end,
 * at most `maxLength` long. `attempt` 0, 1, 2 … are one candidate after the other. A name without anything that IRC can
 * write becomes `user` with a few letters of the user name.
 */
export function puppetNick(
  name: { readonly shown: string; readonly user: string; readonly suffix: string },
  maxLength: number,
  attempt = 0,
): string {
  const base = plainName(name.shown) || `user${name.user.slice(1, 5)}`;
  const number = attempt === 0 ? "" : String(attempt + 1);
  const room = Math.max(1, maxLength - name.suffix.length - number.length);
  return `${base.slice(0, room)}${number}${name.suffix}`;
}

function plainName(shown: string): string {
  const letters = Array.from(
    visibleLine(shown.slice(0, LONGEST_NAME)),
    (letter) => PLAIN_LETTERS[letter] ?? letter,
  ).join("");
  const ascii = letters.normalize("NFKD").replace(/\p{M}+/gu, "").replace(/\s+/gu, "_")
    .replace(/[^A-Za-z0-9[\]\\`_^{|}-]/g, "").replace(/^_+|_+$/g, "");
  return /^[\d-]/.test(ascii) ? `_${ascii}` : ascii;
}

/**
 * The user name (ident) of a person's puppet: the same today and after a restart, different for each, and in a form
 * that no person's client chooses by itself, so that channel operators can ban it and we know it again.
 */
export function puppetUser(personKey: string): string {
  const digest = createHash("sha256").update(personKey).digest();
  return `k${
    digest.readBigUInt64BE(0).toString(36).padStart(USER_LETTERS, "0").slice(-USER_LETTERS)
  }`;
}

/** True for a user name that `puppetUser` makes, as servers show it: with ~ where they could not check it. */
export function isPuppetUser(shown: string): boolean {
  return /^~?k[0-9a-z]{7}$/.test(shown);
}

/** A user name without the ~ of servers that could not check it. */
export function plainUser(shown: string): string {
  return shown.replace(/^~/, "");
}

/** Unique local addresses (RFC 4193) under a prefix of our own: "kosmi" in ASCII behind fd. Routed nowhere. */
const PREFIX = "fd6b:6f73:6d69:0";

/**
 * The address under which WEBIRC shows a person: made up, always the same for the same person, so that a ban by
 * address meets them alone and no true address is told to anybody.
 */
export function madeUpAddress(personKey: string): string {
  const digest = createHash("sha256").update(`address of ${personKey}`).digest();
  const groups = [0, 2, 4, 6].map((at) => digest.readUInt16BE(at).toString(16));
  return `${PREFIX}:${groups.join(":")}`;
}

/** A host name for the same: `.invalid` never resolves (RFC 2606). */
export function madeUpHost(user: string): string {
  return `${user}.puppet.invalid`;
}

/** A puppet's line as the history is compared with what was under way: of two who said the same, each has their own. */
export function puppetWire(user: string, text: string): WireText {
  return `\0${user}\0${text}` as WireText;
}

/** Every text under which a history may show a part: the relay's own line, and the puppet's. */
export function shownTexts(part: Part): readonly WireText[] {
  const speaker = readSpeaker(part);
  if (speaker === null) return relayedTexts(part);
  return [part.wire, puppetWire(puppetUser(speaker.key), asPuppet(part, speaker).wire)];
}
