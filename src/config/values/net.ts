import { isIP } from "node:net";
import { describeValue } from "./show.ts";
import { text, type TextCheck, unexpected, type ValueType } from "./values.ts";

export interface HostPort {
  /** Without brackets, also for IPv6. */
  readonly host: string;
  /** Null where none was written: the default depends on other keys. */
  readonly port: number | null;
}

/** `host`, `host:port`, `[2001:db8::1]:port`; null when it is none of them. */
export function parseHostPort(written: string): HostPort | null {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(written);
  if (match === null) return isIP(written) === 6 ? { host: written, port: null } : null;
  const [, bracketed, plain, portText] = match;
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port } : null;
  return plain !== undefined && isHostName(plain) ? { host: plain, port } : null;
}

function isHostName(host: string): boolean {
  if (isIP(host) === 4) return true;
  return host.length <= 253 && /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_.])?$/u.test(host) &&
    !host.includes("..");
}

/** A server's address. */
export function hostPort(example: string): ValueType<HostPort | null> {
  return {
    name: "host:port",
    secret: false,
    fromText: (given) => given,
    read: (raw) => {
      if (raw === "") return { value: null };
      const address = typeof raw === "string" ? parseHostPort(raw.trim()) : null;
      if (address !== null) return { value: Object.freeze(address) };
      return unexpected(withoutCredentials(raw), false, `host:port such as "${example}"`);
    },
  };
}

/** An address for a service of ours to listen on; null when it is empty. */
export const listenAddress: ValueType<{ readonly host: string; readonly port: number } | null> = {
  name: "host:port",
  secret: false,
  fromText: (given) => given,
  read: (raw) => {
    if (raw === "") return { value: null };
    const written = typeof raw === "string" ? raw.trim().replace(/^:/, "0.0.0.0:") : "";
    const address = parseHostPort(written.replace(/:0$/, ":1"));
    if (address === null || address.port === null) {
      return unexpected(raw, false, 'host:port such as "127.0.0.1:9180"');
    }
    const port = written.endsWith(":0") ? 0 : address.port;
    return { value: Object.freeze({ host: address.host, port }) };
  },
};

/** A web address of one of the schemes ("https", "wss" …), with the default for an empty one. */
export function url(
  options: { schemes: readonly string[]; example: string; whenEmpty: string },
): ValueType<string> {
  const inner = text({ name: "URL", empty: "allowed", check: urlCheck(options) });
  return {
    ...inner,
    read: (raw) => {
      if (raw === "") return { value: options.whenEmpty };
      const reading = inner.read(raw);
      return "fault" in reading ? { fault: urlFault(raw, options) } : reading;
    },
  };
}

/** A web address that may hold a token in its query: never shown. */
export function secretUrl(
  options: { schemes: readonly string[]; example: string },
): ValueType<string | null> {
  const check = urlCheck(options);
  return {
    name: "URL",
    secret: true,
    fromText: (given) => given,
    read: (raw) => {
      if (raw === "") return { value: null };
      if (typeof raw !== "string" || check(raw) !== null) {
        return unexpected(raw, true, expectedUrl(options));
      }
      return { value: raw };
    },
  };
}

function urlCheck(options: { schemes: readonly string[]; example: string }): TextCheck {
  return (written) => {
    const parsed = parseUrl(written);
    const scheme = parsed?.protocol.slice(0, -1) ?? "";
    return options.schemes.includes(scheme) && parsed?.hostname !== ""
      ? null
      : expectedUrl(options);
  };
}

function urlFault(raw: unknown, options: { schemes: readonly string[]; example: string }): string {
  return `found ${describeValue(withoutCredentials(raw), false)}, expected ${expectedUrl(options)}`;
}

function expectedUrl(options: { schemes: readonly string[]; example: string }): string {
  const schemes = options.schemes.map((scheme) => `${scheme}://`).join(" or ");
  return `an address that begins with ${schemes}, such as "${options.example}"`;
}

export function parseUrl(written: string): URL | null {
  return /\s/.test(written) ? null : URL.parse(written);
}

/** An address as it may be shown: without user, password and query. */
function withoutCredentials(raw: unknown): unknown {
  return typeof raw === "string"
    ? raw.replace(/^([^/?#]*\/\/)?[^/?#]*@(?=[^/])/, "$1").replace(/[?#].*$/s, "")
    : raw;
}
