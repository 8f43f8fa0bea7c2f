import type { Wire } from "./wire.ts";

/** Without tags, with CRLF. */
const LINE_BYTES = 512;
/** Of tags, with the `@` and the space. */
const TAG_BYTES = 8191;
/** More without a line's end is dropped. */
const KEPT_BYTES = TAG_BYTES + 4 * LINE_BYTES;

export interface ReadLine {
  /** Cut to the limit when it was longer. */
  readonly text: Wire;
  readonly tooLong: boolean;
}

/** Cuts what a client sends into lines: CR, LF or both end one, as at the strictest servers. */
export class LineReader {
  #rest: Wire = "";

  read(chunk: Wire): ReadLine[] {
    const pieces = (this.#rest + chunk).split(/[\r\n]/);
    const rest = pieces.pop() ?? "";
    this.#rest = rest.slice(0, KEPT_BYTES);
    return pieces.filter((piece) => piece !== "").map(limitLine);
  }
}

function limitLine(line: Wire): ReadLine {
  const tagsEnd = line.startsWith("@") ? line.indexOf(" ") + 1 : 0;
  const tooLong = tagsEnd > TAG_BYTES || line.length - tagsEnd > LINE_BYTES - 2;
  return { text: tooLong ? line.slice(0, tagsEnd + LINE_BYTES - 2) : line, tooLong };
}
