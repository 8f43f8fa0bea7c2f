import { isIP } from "node:net";
import { describeValue } from "./show.ts";
import { text, type TextCheck, unexpected, type ValueType } from "./values.ts";

interface HostPort {
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

/** A server's address, or a list of such; one text may hold several with commas between them. */
export function hostPorts(example: string): ValueType<readonly HostPort[] | null> {
  return {
    name: "host:port, or a list of these",
    secret: false,
    fromText: (given) => given,
    read: (raw) => {
      if (raw === "" || (Array.isArray(raw) && raw.length === 0)) return { value: null };
      const written: readonly unknown[] = typeof raw === "string"
        ? raw.split(",")
        : Array.isArray(raw)
        ? raw
        : [raw];
      const addresses: HostPort[] = [];
      for (const one of written) {
        const address = typeof one === "string" ? parseHostPort(one.trim()) : null;
        if (address === null) {
          return unexpected(withoutCredentials(one), false, `host:port such as "${example}"`);
        }
        addresses.push(Object.freeze(address));
      }
      return { value: Object.freeze(addresses) };
    },
  };
}

/** Where a SOCKS5 proxy is, and how to log in there. */
interface SocksAddress {
  readonly host: string;
  readonly port: number;
  readonly login: { readonly user: string; readonly password: string } | null;
}

const SOCKS_PORT = 1080;

/** `socks5://[user:password@]host[:port]`, also as socks5h; null when it is something else. */
export function parseSocksProxy(written: string): SocksAddress | null {
  const url = parseUrl(written.trim());
  if (url === null || !/^socks5h?:$/.test(url.protocol) || url.hostname === "") return null;
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") return null;
  const login = url.username === ""
    ? null
    : { user: percentDecoded(url.username), password: percentDecoded(url.password) };
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port) || SOCKS_PORT,
    login,
  };
}

/** As written where it is no percent-encoding. */
export function percentDecoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

const SOCKS_EXPECTED =
  'the address of a SOCKS5 proxy such as "socks5://127.0.0.1:9050", or "socks5://user:password@host:port"';

/** A SOCKS5 proxy; may hold a password: never shown. */
export const socksProxy: ValueType<string | null> = {
  name: "URL",
  secret: true,
  fromText: (given) => given,
  read: (raw) => {
    if (raw === "") return { value: null };
    const isOne = typeof raw === "string" && parseSocksProxy(raw) !== null;
    return isOne ? { value: raw } : unexpected(raw, true, SOCKS_EXPECTED);
  },
};

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
