/** One line from the server, read apart. The only form in which server lines exist outside the adapter. */
export interface IrcMessage {
  readonly tags: ReadonlyMap<string, string>;
  /** Nick of the sender, or the server's name. */
  readonly nick: string;
  /** Empty when the sender is a server or gave none. */
  readonly user: string;
  readonly host: string;
  /** Upper case: a command's name or three digits. */
  readonly command: string;
  readonly params: readonly string[];
}

/** One line for the server. */
export interface OutLine {
  readonly command: string;
  readonly params: readonly string[];
  readonly tags?: ReadonlyMap<string, string>;
}

/** A parameter, or "" where the server sent fewer. */
export function param(message: IrcMessage, index: number): string {
  return message.params[index] ?? "";
}

/** The last parameter: where servers put the text for people. */
export function lastParam(message: IrcMessage): string {
  return message.params.at(-1) ?? "";
}

/** Time of the `time` tag (server-time) in milliseconds since the UNIX epoch; null where absent or malformed. */
export function serverTimeMs(message: IrcMessage): number | null {
  const written = message.tags.get("time");
  if (written === undefined) return null;
  const atMs = Date.parse(written);
  return Number.isNaN(atMs) ? null : atMs;
}
