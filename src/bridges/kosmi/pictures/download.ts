import type { PictureNetwork } from "../link/options.ts";
import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type HttpAnswer, httpGet } from "./http_get.ts";
import { isPublicAddress } from "./public_address.ts";

/** What one download may spend; room for its bytes is asked for as it grows. */
interface DownloadOptions {
  readonly network: PictureNetwork;
  readonly maxBytes: number;
  /** Throws where the process holds too much already. */
  readonly reserve?: (bytes: number) => void;
}

interface Picture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Media type, by the first bytes. */
  readonly type: string;
}

export const PUBLIC_INTERNET: PictureNetwork = {
  resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  mayVisit: (address, port) => isPublicAddress(address) && isWebPort(port),
  // The system answers calls to its own addresses from the same address.
  isHere: (local, remote) => local === remote,
};

const MOST_REDIRECTS = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

const HEADERS = {
  "Accept": "image/webp,image/png,image/jpeg,image/gif",
  "Accept-Encoding": "identity",
  "User-Agent": "kosmi-relay",
};

/**
 * Fetches a picture that somebody in a chat pointed at. Every address on the way is checked and then visited itself, so
 * that a name can't be answered differently the second time. Rejects with an Error that says why there is no picture:
 * forbidden address, other kind of file, more than `maxBytes`, too many redirects. When `signal` aborts it rejects at
 * once; no socket is left.
 */
export async function downloadPicture(
  link: URL,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<Picture> {
  let url = link;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const address = await addressOf(url, options.network);
    signal.throwIfAborted();
    const found = await visit(url, address, options, signal);
    if (!("location" in found)) return found;
    const next = URL.parse(found.location, url);
    if (next === null) throw new Error("it leads to an address that can't be read");
    url = next;
  }
  throw new Error(`it leads elsewhere more than ${MOST_REDIRECTS} times`);
}

/** The address to visit: the first of the host's that may be visited. */
async function addressOf(url: URL, network: PictureNetwork): Promise<string> {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Error(`it leads to ${url.protocol} and not to the web`);
  }
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await network.resolve(host) : [host];
  const allowed = addresses.find((address) => network.mayVisit(address, portOf(url)));
  if (allowed === undefined) throw new Error("it does not lie on the public web");
  return allowed;
}

async function visit(
  url: URL,
  address: string,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<Picture | { readonly location: string }> {
  const socket = dial(url, address);
  // Whoever reads is told too; an error without a listener would end the program.
  socket.on("error", () => {});
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await connected(socket, options.network);
    const answer = await httpGet(socket, url, HEADERS, wireBytes(options.maxBytes));
    const location = answer.headers.get("location");
    if (REDIRECTS.includes(answer.status) && location !== undefined) return { location };
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
    return await readPicture(answer, options);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/** To the checked address and no other; the certificate must be the host's all the same. */
function dial(url: URL, address: string): Socket {
  const at = { host: address, port: portOf(url) };
  const host = hostOf(url);
  if (url.protocol === "http:") return connect(at);
  return connectTls({ ...at, ...(isIP(host) === 0 ? { servername: host } : {}) });
}

/** Nothing is said to a service of this machine that its own network or firewall hides from others. */
async function connected(socket: Socket, { isHere }: PictureNetwork): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("it broke off")));
  });
  const plain = (address: string | undefined) => (address ?? "").replace(/^::ffff:/i, "");
  if (isHere?.(plain(socket.localAddress), plain(socket.remoteAddress)) === true) {
    throw new Error("it leads to this machine itself");
  }
}

/** Framing and heads add to a picture: as much again would be malice. */
function wireBytes(maxBytes: number): number {
  return maxBytes * 2 + 1_048_576;
}

const FIRST_BYTES = 16_384;

/** Into one buffer that grows: pieces may be of one byte each. */
async function readPicture(answer: HttpAnswer, options: DownloadOptions): Promise<Picture> {
  const { maxBytes, reserve = () => {} } = options;
  if (Number(answer.headers.get("content-length")) > maxBytes) throw tooLarge(maxBytes);
  let bytes = new Uint8Array(FIRST_BYTES);
  reserve(bytes.length);
  let length = 0;
  let isKnown = false;
  for await (const chunk of answer.body) {
    if (length + chunk.length > maxBytes) throw tooLarge(maxBytes);
    if (length + chunk.length > bytes.length) {
      const larger = new Uint8Array(Math.min(maxBytes, (length + chunk.length) * 2));
      reserve(larger.length - bytes.length);
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(chunk, length);
    length += chunk.length;
    // What is no picture need not come to its end.
    if (!isKnown && length >= SIGNATURE_BYTES) isKnown = typeOf(bytes) !== "";
  }
  const picture = bytes.subarray(0, length);
  return { bytes: picture, type: typeOf(picture) };
}

function typeOf(bytes: Uint8Array): string {
  const type = pictureType(bytes);
  if (type === null) throw new Error("it is no PNG, JPEG, GIF or WebP");
  return type;
}

function tooLarge(maxBytes: number): Error {
  return new Error(`it is larger than ${Math.round(maxBytes / 1024 / 1024)} MiB`);
}

/** Without the brackets that a URL puts around IPv6. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** Ports below are other services', and some above are IRC's: none of them is to be talked to in HTTP. */
function isWebPort(port: number): boolean {
  return port === 80 || port === 443 ||
    (port >= 1024 && !(port >= 6660 && port <= 6669) && port !== 6679 && port !== 6697);
}

/** So many bytes tell what a file is. */
const SIGNATURE_BYTES = 12;

/**
 * The media type of a picture by its first bytes, whatever its name and its sender say; null for what is none of those
 * that browsers show and that hold nothing to run.
 */
export function pictureType(bytes: Uint8Array): string | null {
  const start = Array.from(bytes.subarray(0, SIGNATURE_BYTES), (byte) => String.fromCharCode(byte))
    .join("");
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (start.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(start)) return "image/gif";
  return /^RIFF[^]{4}WEBP/.test(start) ? "image/webp" : null;
}
