import type { IncomingMessage, ServerResponse } from "node:http";
import { Buffer } from "node:buffer";
import type { EndpointFault } from "./variants.ts";

/** The live service's web app: its Origin is accepted besides our own page's. */
const LIVE_ORIGIN = "https://app.kosmi.io";

const FAULT_PAGE = "<!doctype html><title>Just a moment...</title><h1>Checking your browser</h1>\n";

export function reply(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  type = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, JSON.stringify(value), "application/json; charset=utf-8");
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

/** Plays the fault; false when the true answer shall follow. */
export async function playFault(
  fault: EndpointFault,
  response: ServerResponse,
  wait: (waitMs: number) => Promise<void>,
): Promise<boolean> {
  if (fault.delayMs > 0) await wait(fault.delayMs);
  if (fault.hang) return true;
  if (fault.status === null && !fault.html) return false;
  const type = fault.html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
  reply(response, fault.status ?? 200, fault.html ? FAULT_PAGE : "fault", type);
  return true;
}

/** Why a browser on the web app would not have sent this; null when it could have. */
export function notFromTheApp(
  request: IncomingMessage,
  wanted: { referer: boolean; userAgent: boolean },
): string | null {
  const own = `http://${request.headers.host}`;
  const { origin, referer } = request.headers;
  const known = (address: string | undefined) =>
    address !== undefined && URL.canParse(address) && isKnownOrigin(new URL(address).origin, own);
  if (!known(origin)) return "Origin";
  if (wanted.referer && !known(referer)) return "Referer";
  const browser = /^Mozilla\/\d/.test(request.headers["user-agent"] ?? "");
  return wanted.userAgent && !browser ? "User-Agent" : null;
}

function isKnownOrigin(origin: string, own: string): boolean {
  // A proxy of the tests may stand before us, so that any loopback page counts as our own.
  return origin === LIVE_ORIGIN || origin === own || /^http:\/\/127\.0\.0\.1(:\d+)?$/.test(origin);
}
