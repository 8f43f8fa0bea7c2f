import type { Outgoing } from "../port/bridge.ts";
import { plainText } from "../port/rich_text.ts";

/** What leaves so long after it was written carries its time. */
export const LATE_MS = 60_000;

/** The same message with the time at which it was written, where it leaves late and does not tell it yet. */
export function marked(outgoing: Outgoing, writtenAtMs: number, nowMs: number): Outgoing {
  if (outgoing.kind !== "message" || outgoing.sender === null || outgoing.isMarked === true) {
    return outgoing;
  }
  if (nowMs - writtenAtMs <= LATE_MS) return outgoing;
  const mark = lateMark(outgoing.atMs ?? writtenAtMs, nowMs);
  const prefix = [...outgoing.prefix, ...plainText(mark)];
  return { ...outgoing, prefix, isMarked: true };
}

/** When a late message was written: the time, and the day where it was not today. Local time of the machine. */
export function lateMark(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const today = new Date(nowMs).toDateString() === at.toDateString();
  const day = today ? "" : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} `;
  return `[${day}${time}] `;
}
