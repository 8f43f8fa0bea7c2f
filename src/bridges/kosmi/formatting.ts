import { plainText, type RichText } from "../../relay/rich_text.ts";
import { readMarkdown } from "./markdown_read.ts";
import { writeMarkdown } from "./markdown_write.ts";
import type { Markup } from "./options.ts";

/** Kosmi's text as spans: for plain as written, but for a code block's fences; for markdown with its marks read. */
export function readKosmiText(text: string, markup: Markup): RichText {
  const clean = cleanText(text);
  return markup === "plain" ? plainText(withoutFences(clean)) : readMarkdown(clean);
}

/** Spans as Kosmi's text. Plain drops every style; Markdown keeps what it can show. */
export function writeKosmiText(rich: RichText, markup: Markup): string {
  if (markup === "plain") return cleanText(rich.map((span) => span.text).join(""));
  return writeMarkdown(rich.map((span) => ({ ...span, text: cleanText(span.text) })));
}

/** Line breaks as "\n", tabs as spaces, no other control character, no half of a surrogate pair. */
export function cleanText(text: string): string {
  return text.toWellFormed()
    .replace(/\r\n?|\u2028|\u2029/g, "\n")
    .replace(/\t/g, " ")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "");
}

/** Ticks at the start and the end of several lines. */
const FENCES = /^```(?:[\w+#.-]*\n|(?=[^`\n]+\n))((?:(?!```)[^])+?)\n?```$/gm;

/** People paste code between fences whether they are shown or not; as lines of their own they tell nobody anything. */
function withoutFences(text: string): string {
  return text.includes("```") ? text.replace(FENCES, "$1") : text;
}
