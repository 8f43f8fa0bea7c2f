import { parseUrl } from "./net_types.ts";
import { shown } from "./show.ts";

/** True where a gateway's channel means the account's RoomURL. */
export function isDefaultRoom(channel: string): boolean {
  return channel === "" || channel.toLowerCase() === "main";
}

/** What is wrong with a room as written (its URL, or its id with its @); null when it can be one. */
export function roomFault(written: string, appUrl: string): string | null {
  if (!written.includes("/")) return isRoomId(written) ? null : unlikeRoom(written, appUrl);
  const room = parseUrl(written);
  if (room === null || roomIdOf(written) === null) return unlikeRoom(written, appUrl);
  const app = parseUrl(appUrl);
  if (app === null || room.host === app.host) return null;
  return `found a room of ${shown(room.host)}, expected one of ${app.host} (AppURL)`;
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
