import { secondOf } from "../../../base/times.ts";
import type { Cursor, History, HistoryMessage, WireText } from "../../../relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";
import type { People } from "../link/people.ts";
import { isPseudoUser } from "../link/ping.ts";
import { messageId, readMessage } from "../link/read_event.ts";
import type { Self } from "../link/self.ts";
import { type IrcMessage, param, serverTimeMs } from "../wire/message.ts";

/** Further connections of ours: the text under which the core looks for a line of theirs; null for anybody else's. */
export interface OtherVoices {
  wireOf(line: IrcMessage): WireText | null;
}

export interface HistoryContext {
  readonly channel: ChannelId;
  readonly cursor: Cursor | null;
  readonly people: People;
  readonly self: Self;
  readonly puppets: OtherVoices | null;
  readonly nowMs: number;
  /** What time the server has; null where it has not told. */
  readonly serverMs: number | null;
  readonly notices: boolean;
  /** True for lines that the server was asked for from the cursor on: they need no cutting. */
  readonly asked: boolean;
  /** The server had more. */
  readonly cut: boolean;
  /** The server gave what stands behind the cursor's message. */
  readonly behind: boolean;
  /** The server has a history, and tells nothing of it. */
  readonly unanswered: boolean;
  /** True where a bouncer plays back what it kept since we left, and nothing before. */
  readonly bouncer: boolean;
  /** Lines of an earlier connection of ours that came while we entered. */
  readonly heard: readonly IrcMessage[];
  /** What its authors took back meanwhile: nobody is told of it. Our own stays, for it shows what arrived. */
  readonly takenBack: ReadonlySet<MessageId | null>;
}

/** ZNC keeps so many lines of a channel unless told otherwise: with fewer, none was thrown away. */
const BOUNCER_LINES = 50;

/**
 * What was said since the cursor, from the lines that the server played back (oldest first). Without a cursor that
 * is all of them: the core then only looks where it stands, and finds again what it sent before a crash. Nothing is left
 * out here: what is too much to be caught up with is the core's to say.
 */
export function historyOf(
  lines: readonly IrcMessage[],
  context: HistoryContext,
): History {
  const wanted = lines.filter((line) => isMessage(line, context.notices));
  const { rest, whole } = context.asked ? { rest: wanted, whole: true } : since(wanted, context);
  const messages = [...rest, ...context.heard].map((line) => historyMessage(line, context)).filter((
    one,
  ) => one !== null);
  const lost = context.unanswered && messages.length === 0;
  // At the first visit everything is ours from the very beginning: a server's own times may be cut to seconds.
  const atMs = context.cursor === null ? null : context.serverMs;
  return {
    ...{ messages, complete: whole && !context.cut, behindCursor: context.behind, lost },
    ...(atMs === null ? {} : { atMs }),
  };
}

function isMessage(line: IrcMessage, notices: boolean): boolean {
  if (isPseudoUser(line, true)) return false;
  return line.command === "PRIVMSG" || (notices && line.command === "NOTICE");
}

/**
 * The lines behind the cursor: behind its message where that is among them, else by time. `whole` is false when the
 * lines do not reach back to the cursor, so that something between may be missing.
 */
function since(
  lines: readonly IrcMessage[],
  { cursor, bouncer }: Pick<HistoryContext, "cursor" | "bouncer">,
): { readonly rest: readonly IrcMessage[]; readonly whole: boolean } {
  if (cursor === null) return { rest: lines, whole: true };
  const at = cursor.id === null ? -1 : lines.findIndex((line) => messageId(line) === cursor.id);
  if (at !== -1) return { rest: lines.slice(at + 1), whole: true };
  const times = lines.map((line) => serverTimeMs(line) ?? Infinity);
  // InspIRCd's channel history has whole seconds only: there the second of the cursor itself is doubtful, and what
  // was taken over before is recognised by its id.
  const rounded = times.every((atMs) => atMs % 1000 === 0 || atMs === Infinity);
  // Others may bear the cursor's own time: the core tells which of them it knows.
  const fromMs = rounded ? Math.floor(cursor.atMs / 1000) * 1000 : cursor.atMs;
  const rest = lines.filter((_, index) => (times[index] ?? Infinity) >= fromMs);
  const whole = rest.length < lines.length || (bouncer && lines.length < BOUNCER_LINES);
  return { rest, whole };
}

function historyMessage(line: IrcMessage, context: HistoryContext): HistoryMessage | null {
  const { channel, people, nowMs, self, puppets, takenBack } = context;
  const wire = self.wrote(line) ? param(line, 1) as WireText : puppets?.wireOf(line) ?? null;
  if (wire !== null) {
    return { own: true, wire, id: messageId(line), atMs: serverTimeMs(line) ?? nowMs };
  }
  const event = readMessage(line, { channel, people, nowMs, late: true });
  return event === null || takenBack.has(event.id) ? null : { own: false, event };
}

/** The messages that one of the lines takes back. */
export function idsTakenBack(lines: readonly IrcMessage[]): ReadonlySet<MessageId | null> {
  const redactions = lines.filter((line) => line.command === "REDACT");
  return new Set(redactions.map((line) => param(line, 1) as MessageId));
}

/**
 * The lines that are not among `others`: by their ids; where one of two has none by time, sender and words, which a history
 * repeats, some in whole seconds. Nothing tells such lines with the same words apart: each of `others` stands for one.
 */
export function linesWithout(
  lines: readonly IrcMessage[],
  others: readonly IrcMessage[],
): readonly IrcMessage[] {
  const ids = new Set(others.map(messageId));
  const said = Map.groupBy(others, (line) => wordsOf(line));
  const takes = (words: string, isNamed: boolean): boolean => {
    const same = said.get(words) ?? [];
    const at = same.findIndex((other) => !isNamed || messageId(other) === null);
    return at !== -1 && same.splice(at, 1).length === 1;
  };
  return lines.filter((line) => {
    const atMs = serverTimeMs(line);
    const id = messageId(line);
    if (id !== null && ids.has(id)) return false;
    if (atMs === null) return true;
    const isNamed = id !== null;
    return !takes(wordsOf(line), isNamed) && !takes(wordsOf(line, secondOf(atMs)), isNamed);
  });
}

function wordsOf(line: IrcMessage, atMs: number | null = serverTimeMs(line)): string {
  return [atMs, line.nick, line.command, ...line.params].join("\0");
}
