import type { Utterance } from "./plan.ts";

/** A place in a speaker's count. A text of two lines, or a long one, bears a second mark at its end. */
export interface Mark {
  /** `zoe`, and `zoe~` for marks at the end of a text. */
  readonly series: string;
  readonly number: number;
}

const FILLER = "and the night goes on and on ".repeat(24).trim();

/** The text of a numbered message. */
export function textFor({ speaker, number, shape }: Utterance): string {
  if (shape === "word") return wordOf(speaker);
  const start = `${speaker}#${number}`;
  if (shape === "line") return `${start} says hello`;
  const end = `${speaker}~${number}`;
  return shape === "two lines" ? `${start} first\n${end} second` : `${start} ${FILLER} ${end}`;
}

/** What a speaker says again and again. */
export function wordOf(speaker: string): string {
  return `lol said ${speaker}`;
}

/** How often a speaker's word stands in a text: packed lines bear several. */
export function wordsIn(text: string, speaker: string): number {
  return text.split(wordOf(speaker)).length - 1;
}

/** The marks of such a text, in order. */
export function marksFor(utterance: Utterance): Mark[] {
  return marksIn(textFor(utterance));
}

/** Every mark in a text, wherever it stands: packed lines bear several. */
export function marksIn(text: string): Mark[] {
  return Array.from(text.matchAll(/\b([a-z]+)([#~])(\d+)\b/g), ([, name = "", sign, digits]) => ({
    series: sign === "~" ? `${name}~` : name,
    number: Number(digits),
  }));
}
