import type { Clock } from "../../base/clock.ts";
import { property } from "./graphql_error.ts";
import { browserHeaders, type Fetch, originsOf, postForJson, withOrigins } from "./http.ts";
import type { KosmiEndpoints } from "./options.ts";
import type { KosmiProtocol } from "./protocol.ts";

export interface UploadOptions {
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
