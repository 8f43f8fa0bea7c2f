import { randomUUID } from "node:crypto";
import type { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { KosmiCore } from "./core.ts";
import { notFromTheApp, readBody, reply, replyJson } from "./http_tools.ts";

export interface StoredImage {
  /** Name that the uploader gave. */
  readonly originalName: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const KEPT_IMAGES = 200;

/** The image service: takes an upload, gives it back under a new name. The bytes are kept as they came. */
export class Images {
  readonly #core: KosmiCore;
  readonly #byName = new Map<string, StoredImage>();

  constructor(core: KosmiCore) {
    this.#core = core;
  }

  /** Everything uploaded, oldest first, by the file name that was given back. */
  all(): ReadonlyMap<string, StoredImage> {
    return this.#byName;
  }

  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (request.method === "POST") return await this.#take(request, response);
    const image = this.#byName.get(path.slice(path.lastIndexOf("/") + 1));
    if (image === undefined) return reply(response, 404, "Not found");
    reply(response, 200, image.bytes, image.type);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (this.#core.variants.checkOrigin) {
      const stranger = notFromTheApp(request, { referer: true, userAgent: false });
      if (stranger !== null) return reply(response, 403, "Forbidden");
    }
    const file = await readFile(request.headers["content-type"] ?? "", body);
    if (file === null) return replyJson(response, 400, { error: "No file" });
    const filename = `${randomUUID()}.webp`;
    this.#byName.set(filename, file);
    const [oldest] = this.#byName.keys();
    if (this.#byName.size > KEPT_IMAGES && oldest !== undefined) this.#byName.delete(oldest);
    this.#core.counters.uploads += 1;
    this.#core.waiting.changed();
    replyJson(response, 200, { filename });
  }
}

async function readFile(contentType: string, body: Buffer): Promise<StoredImage | null> {
  if (!contentType.startsWith("multipart/form-data")) return null;
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": contentType },
  })
    .formData().catch(() => null);
  const file = form?.get("file");
  if (!(file instanceof File)) return null;
  return {
    originalName: file.name,
    type: file.type === "" ? "application/octet-stream" : file.type,
    bytes: new Uint8Array(await file.arrayBuffer()),
  };
}
