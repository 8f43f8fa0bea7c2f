import { withDeadline } from "../../../base/abort.ts";
import { describeError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/log.ts";
import type { Outgoing, OutgoingMessage } from "../../../relay/bridge.ts";
import { uploadImage, type UploadOptions } from "../images.ts";
import { downloadPicture, type PictureNetwork } from "./download.ts";
import { pictureLinks, replaceLinks } from "./picture_links.ts";

export interface PictureUploadsOptions extends UploadOptions {
  readonly network: PictureNetwork;
  readonly log: Logger;
}

const MOST_BYTES = 10 * 1024 * 1024;
/** Pictures of one message; what is more stays where it is. */
const MOST_PICTURES = 3;
/** Below the time that the core gives, so that one slow host does not cost the message its other pictures. */
const LONGEST_MS = 12_000;
const REMEMBERED = 200;

/** Pictures that are linked in messages, put where Kosmi shows them. */
export class PictureUploads {
  readonly #options: PictureUploadsOptions;
  /** Links as written, and where their pictures are now: an edited message is not uploaded twice. */
  readonly #known = new Map<string, string>();

  constructor(options: PictureUploadsOptions) {
    this.#options = options;
  }

  /** What must be done before this is rendered; null when it links no picture. A picture that fails stays a link. */
  workFor(outgoing: Outgoing): ((signal: AbortSignal) => Promise<Outgoing>) | null {
    if (outgoing.kind !== "message" || outgoing.sender === null) return null;
    const links = [...new Set(outgoing.text.flatMap(({ text }) => pictureLinks(text)))]
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
    const text = outgoing.text.map((span) => ({ ...span, text: replaceLinks(span.text, by) }));
    return { ...outgoing, text };
  }

  /** Where the picture is now; null when it could not be put there. */
  async #place(link: string, signal: AbortSignal): Promise<string | null> {
    const known = this.#known.get(link);
    if (known !== undefined) return known;
    const url = new URL(link);
    try {
      const place = await this.#upload(url, signal);
      this.#remember(link, place);
      return place;
    } catch (error) {
      if (signal.aborted) return null;
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
      const picture = await downloadPicture(url, { network, maxBytes: MOST_BYTES }, inner);
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
