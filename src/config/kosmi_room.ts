import type { Findings, Place } from "./fault.ts";
import { parseUrl } from "./net_types.ts";
import { shown } from "./show.ts";

const LIVE_HOST = "app.kosmi.io";

/** True where a gateway's channel means the account's RoomURL. */
export function isDefaultRoom(channel: string): boolean {
  return channel === "" || channel.toLowerCase() === "main";
}

/** Tells what is wrong with a room as written: its URL, or its id with its @. */
export function checkRoom(written: string, appUrl: string, place: Place, findings: Findings): void {
  const id = roomIdOf(written);
  if (id === null) {
    findings.fault(place, unlikeRoom(written, appUrl));
    return;
  }
  const room = parseUrl(written);
  const app = parseUrl(appUrl);
  if (!written.includes("/") || room === null || app === null || room.host === app.host) return;
  // Whoever points AppURL elsewhere may well keep the address that the browser shows.
  if (room.host === LIVE_HOST) return;
  findings.warn(
    place,
    `found a room of ${shown(room.host)}, not of ${app.host} (AppURL): its id ${shown(id)} is used`,
  );
}

/** The room's id, to tell whether two spellings mean the same room; null when there is none. */
export function roomIdOf(written: string): string | null {
  if (!written.includes("/")) return isRoomId(written) ? written : null;
  const url = parseUrl(written);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  const id = decoded(/\/room\/([^/]+)\/?$/.exec(url.pathname)?.[1] ?? "");
  return isRoomId(id) ? id : null;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

function isRoomId(id: string): boolean {
  return /^@?[^\s/?#@:]{1,200}$/u.test(id);
}

function unlikeRoom(written: string, appUrl: string): string {
  const found = written === "" ? "empty text" : `"${shown(written.replace(/[?#].*$/s, ""))}"`;
  const site = appUrl.replace(/\/+$/, "");
  return `found ${found}, expected a room's address such as "${site}/room/@name", or its id such as "@name"`;
}
