import { withDeadline } from "../../../base/abort.ts";
import type { Clock } from "../../../base/clock.ts";
import { describeError } from "../../../base/errors.ts";
import { property } from "../../../base/json.ts";
import type { Logger } from "../../../base/log.ts";
import type { Outgoing, OutgoingMessage } from "../../../relay/port/bridge.ts";
import type { Span } from "../../../relay/port/rich_text.ts";
import {
  browserHeaders,
  type Fetch,
  HttpStatusError,
  originsOf,
  postForJson,
  withOrigins,
} from "../link/http.ts";
import type { KosmiEndpoints, PictureNetwork } from "../link/options.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { downloadPicture } from "./download.ts";

interface PictureUploadsOptions extends UploadOptions {
  readonly network: PictureNetwork;
  readonly log: Logger;
}

const MOST_BYTES = 10 * 1024 * 1024;
/** Pictures of one message; what is more stays where it is. */
const MOST_PICTURES = 3;
/** Below the time that the core gives, so that one slow host does not cost the message its other pictures. */
const LONGEST_MS = 12_000;
const REMEMBERED = 200;
/** So long no picture is uploaded once Kosmi says that there were too many. */
const PAUSE_MS = 60_000;

/** What the pictures of all rooms together may hold at a time. What has no room stays a link. */
class PictureRoom {
  #bytes = 24 * 1024 * 1024;
  #downloads = 16;

  /** Room for one picture, given back when it is disposed of. Throws where there is none. */
  enter(): Disposable & { reserve(bytes: number): void } {
    const full = () => new Error("too many pictures are on their way");
    if (this.#downloads === 0) throw full();
    this.#downloads--;
    let held = 0;
    return {
      reserve: (bytes) => {
        if (bytes > this.#bytes) throw full();
        this.#bytes -= bytes;
        held += bytes;
      },
      [Symbol.dispose]: () => {
        this.#downloads++;
        this.#bytes += held;
      },
    };
  }
}

const ROOM = new PictureRoom();

/** A picture behind a hidden link would be shown openly. */
function isShown(span: Span): boolean {
  return span.style.spoiler !== true;
}

/** Pictures that are linked in messages, put where Kosmi shows them. */
export class PictureUploads {
  readonly #options: PictureUploadsOptions;
  /** Until then Kosmi takes no pictures: it said that there were too many. */
  #pausedUntilMs = -Infinity;
  /** Links as written, and where their pictures are now: an edited message is not uploaded twice. */
  readonly #known = new Map<string, string>();

  constructor(options: PictureUploadsOptions) {
    this.#options = options;
  }

  /** What must be done before this is rendered; null when it links no picture. A picture that fails stays a link. */
  workFor(outgoing: Outgoing): ((signal: AbortSignal) => Promise<Outgoing>) | null {
    if (outgoing.kind !== "message" || outgoing.sender === null) return null;
    const links = [
      ...new Set(outgoing.text.flatMap((span) => isShown(span) ? pictureLinks(span.text) : [])),
    ]
      .filter((link) => !this.#isHere(link)).slice(0, MOST_PICTURES);
    return links.length === 0 ? null : (signal) => this.#replace(outgoing, links, signal);
  }

  async #replace(
    outgoing: OutgoingMessage,
    links: readonly string[],
    signal: AbortSignal,
  ): Promise<Outgoing> {
    const places = await Promise.all(links.map((link) => this.#place(link, signal)));
    signal.throwIfAborted();
    const by = new Map(
      links.flatMap((link, at) => {
        const place = places[at];
        return place === null || place === undefined ? [] : [[link, place] as const];
      }),
    );
    const text = outgoing.text.map((span) =>
      isShown(span) ? { ...span, text: replaceLinks(span.text, by) } : span
    );
    return { ...outgoing, text };
  }

  /** Where the picture is now; null when it could not be put there. */
  async #place(link: string, signal: AbortSignal): Promise<string | null> {
    const known = this.#known.get(link);
    if (known !== undefined) return known;
    const url = new URL(link);
    const { clock } = this.#options;
    if (clock.monotonic() < this.#pausedUntilMs) return null;
    try {
      const place = await this.#upload(url, signal);
      this.#remember(link, place);
      return place;
    } catch (error) {
      if (signal.aborted) return null;
      if (error instanceof HttpStatusError && error.status === 429) {
        this.#pausedUntilMs = clock.monotonic() + PAUSE_MS;
      }
      // Only the host: a link may hold somebody's key.
      const facts = { host: url.hostname, reason: describeError(error) };
      this.#options.log.warn("a picture at {host} stays a link: {reason}", facts);
      return null;
    }
  }

  #upload(url: URL, signal: AbortSignal): Promise<string> {
    const { clock, network } = this.#options;
    const limits = { clock, signal, limitMs: LONGEST_MS, action: "upload the picture" };
    return withDeadline(limits, async (inner) => {
      using room = ROOM.enter();
      const { reserve } = room;
      const picture = await downloadPicture(url, { network, maxBytes: MOST_BYTES, reserve }, inner);
      return await uploadImage(this.#options, picture.bytes, picture.type, inner);
    });
  }

  #remember(link: string, place: string): void {
    this.#known.set(link, place);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Already where Kosmi keeps its pictures. */
  #isHere(link: string): boolean {
    return URL.parse(link)?.origin === URL.parse(this.#options.endpoints.imageEndpoint)?.origin;
  }
}

const LINK = /https?:\/\/[^\s<>"]+/giu;
/** Punctuation of the sentence around a link, not of the link. */
const TRAILING = /[.,;:!?'")\]}*_~`…»]/u;
const FILE = /\.(?:png|jpe?g|gif|webp)$/i;
/** Some hosts name the kind of a picture beside the path: `?format=jpg&name=large`. */
const PARAMETER = /^(?:png|jpe?g|gif|webp)$/i;
const KIND_PARAMETERS = ["format", "fm", "ext"];
const LONGEST_LINK = 2_000;

/** The links of a text that look like pictures, as written, each once. */
export function pictureLinks(text: string): string[] {
  const links = Array.from(text.matchAll(LINK), ([link]) => withoutTrailing(link));
  return [...new Set(links.filter(isPictureLink))];
}

function withoutTrailing(written: string): string {
  let end = written.length;
  while (end > 0 && TRAILING.test(written.charAt(end - 1))) end--;
  return written.slice(0, end);
}

/** The text with each of these links in place of another. */
export function replaceLinks(text: string, by: ReadonlyMap<string, string>): string {
  return text.replace(LINK, (written) => {
    const link = withoutTrailing(written);
    const other = by.get(link);
    return other === undefined ? written : other + written.slice(link.length);
  });
}

/** Only what says by its name that it is a picture: the relay does not visit every page that people talk about. */
function isPictureLink(link: string): boolean {
  const url = link.length > LONGEST_LINK ? null : URL.parse(link);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return FILE.test(url.pathname) ||
    KIND_PARAMETERS.some((name) => PARAMETER.test(url.searchParams.get(name) ?? ""));
}

interface UploadOptions {
  readonly endpoints: Pick<KosmiEndpoints, "appUrl" | "imageEndpoint">;
  readonly protocol: KosmiProtocol;
  readonly clock: Clock;
  readonly fetch?: Fetch;
}

/**
 * Uploads a picture and answers the address under which Kosmi shows it: as a message's text it becomes a thumbnail.
 * `type` is its media type. Rejects with an Error that says why, or with the signal's reason.
 */
export async function uploadImage(
  options: UploadOptions,
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  signal: AbortSignal,
): Promise<string> {
  const { protocol, endpoints } = options;
  const action = "upload a picture to Kosmi";
  const context = {
    fetch: options.fetch ?? fetch,
    clock: options.clock,
    limitMs: protocol.image.timeoutMs,
    action,
  };
  const answer = await withOrigins(originsOf(protocol, endpoints), (origin) => {
    const body = new FormData();
    body.append(protocol.image.field, new Blob([bytes], { type }), `picture${extensionOf(type)}`);
    const headers = browserHeaders(origin, protocol);
    return postForJson(endpoints.imageEndpoint, { headers, body }, context, signal);
  });
  const name = protocol.image.nameKeys.map((key) => property(answer, key))
    .find((value) => typeof value === "string" && value !== "");
  if (typeof name !== "string") {
    throw new Error(`Cannot ${action}: its answer holds no file name`);
  }
  return imageUrl(endpoints.imageEndpoint, name);
}

/** The picture lies beside the endpoint; what leads elsewhere is not taken. */
function imageUrl(endpoint: string, name: string): string {
  const base = endpoint.endsWith("/") ? endpoint : `${endpoint}/`;
  const url = new URL(name, base);
  if (url.protocol !== "https:" && url.origin !== new URL(base).origin) {
    throw new Error("Cannot upload a picture to Kosmi: its answer names no usable address");
  }
  return url.href;
}

function extensionOf(type: string): string {
  const subtype = /^image\/([a-z0-9]+)/i.exec(type)?.[1]?.toLowerCase() ?? "";
  return subtype === "" ? "" : `.${subtype === "jpeg" ? "jpg" : subtype}`;
}
