import type { ChannelId } from "../../../relay/port/ids.ts";

/**
 * The room id of what the configuration names: a room's URL, `@name`, a short code, or "main" (or nothing) for the
 * account's default room. The id is the last part of the URL's path as it stands, with its `@` if it has one.
 */
export function roomIdOf(written: string, defaultRoom: string | null): ChannelId {
  const text = written.trim();
  if (text === "" || text.toLowerCase() === "main") {
    if (defaultRoom === null || defaultRoom.trim() === "") {
      throw new Error(
        `Cannot use the Kosmi channel "${text}": it means the account's RoomURL, which is not set; set RoomURL or write the room's URL as channel`,
      );
    }
    return lastSegment(defaultRoom.trim());
  }
  return lastSegment(text);
}

function lastSegment(text: string): ChannelId {
  const path = text.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "").replace(/[?#].*$/s, "");
  const hasHost = path.length < text.replace(/[?#].*$/s, "").length;
  const segments = path.split("/").filter((segment) => segment !== "");
  const last = decoded(segments.at(-1) ?? "");
  const isLobby = hasHost && segments.length < 2 && (last === "" || last === "room");
  if (isLobby || !/^@?[^\s/?#@\p{Cc}]{1,200}$/u.test(last)) {
    throw new Error(
      `Cannot use "${
        printable(text)
      }" as a Kosmi room: expected a room's address such as https://app.kosmi.io/room/@name, or its last part (@name or a code such as 956fp3)`,
    );
  }
  return last as ChannelId;
}

/** Some programs write `%40name` for `@name` when an address is copied. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The text goes into a sentence for people, and that into a log. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?").slice(0, 200);
}
