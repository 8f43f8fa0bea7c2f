import { isIP } from "node:net";

/** What is expected of an IRC nick; null when this can be one. Servers allow different letters: they have the last word. */
export function nickFault(nick: string): string | null {
  if (nick === "") return "a nick";
  return /^[0-9#&+:$~%-]|[\s,*?!@.]/u.test(nick)
    ? "a nick: no spaces and none of , * ? ! @ . in it, no digit, sign or # at its start"
    : null;
}

/** What is expected of the end of puppets' nicks: letters that every server takes inside a nick. */
export function puppetSuffixFault(suffix: string): string | null {
  return /^[A-Za-z0-9[\]\\`_^{|}-]{1,8}$/.test(suffix)
    ? null
    : "one to eight of the letters that IRC allows in a nick, such as [k] or |kosmi";
}

/** What is expected of a value that is one word of an IRC line. */
export function wordFault(written: string): string | null {
  return /^[^\s:][^\s]*$/.test(written) ? null : "one word";
}

/** What is expected of a certificate's fingerprint. */
export function fingerprintFault(written: string): string | null {
  return /^[0-9a-f]{64}$/i.test(written.replaceAll(":", ""))
    ? null
    : "a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons";
}

/** What is expected of a channel's key. */
export function channelKeyFault(key: string): string | null {
  // deno-lint-ignore no-control-regex -- a key with these would become another command
  return /^[^\s,:\u0000-\u001f][^\s,\u0000-\u001f]*$/.test(key)
    ? null
    : "a channel's key without spaces and commas";
}

/** A fingerprint in the one spelling that is compared: lower case, without colons. */
export function plainFingerprint(written: string): string {
  return written.replaceAll(":", "").toLowerCase();
}

/** What is expected of an address of this machine. */
export function addressFault(written: string): string | null {
  return isIP(written) === 0 ? "an IP address of this machine" : null;
}

/** Matterbridge's names for them may end in a year, as in "iso-8859-9:1989"; its "autodetect" is what we do without one. */
export function plainCharset(written: string): string | null {
  const label = written.trim().replace(/:\d{4}$/, "");
  return label === "" || label.toLowerCase() === "autodetect" ? null : label;
}

/** What is expected of a charset's name. IRC can't carry UTF-16: it has zero bytes. */
export function charsetFault(written: string): string | null {
  const expected = 'the name of a character set such as "windows-1251"';
  const label = plainCharset(written) ?? "utf-8";
  try {
    return new TextDecoder(label).encoding.startsWith("utf-16") ? expected : null;
  } catch {
    return expected;
  }
}
