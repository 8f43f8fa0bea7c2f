/** What a terminal shows, as SVG: colors and widths as tmux's `capture-pane -e` gives them. */

const CELL = { width: 8.4, height: 19, font: 14 };
const MARGIN = 16;
const BAR = 34;
const INK = "#d7dae0";
const PAPER = "#16181d";
/** The 16 colors of a terminal, normal and bright. */
const COLORS = [
  ...["#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0"],
  ...["#7f848e", "#f08a92", "#b5e08f", "#f2d59b", "#8cc7ff", "#dc9cee", "#7fd6e0", "#ffffff"],
];

/** The first eight as backgrounds: darker, so that text stays legible. */
const PAPERS = ["#3b4048", "#7a2a32", "#33602a", "#6b5416", "#24466b", "#5b2f6b", "#1f5a63", "#5c6370"];

interface Look {
  readonly ink: string | null;
  readonly paper: string | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly underlined: boolean;
  readonly swapped: boolean;
}

const PLAIN: Look = { ink: null, paper: null, bold: false, dim: false, underlined: false, swapped: false };

/** Columns of text that look the same. */
interface Run {
  readonly column: number;
  readonly columns: number;
  readonly text: string;
  readonly look: Look;
}

export interface PictureOptions {
  readonly columns: number;
  /** The text of the window's title bar. */
  readonly title: string;
  /** What the picture shows, for those who cannot see it. */
  readonly description: string;
}

/** Draws lines with SGR sequences in a window. Throws for other escape sequences. */
export function terminalSvg(lines: readonly string[], options: PictureOptions): string {
  const width = Math.ceil(options.columns * CELL.width + 2 * MARGIN);
  const height = BAR + lines.length * CELL.height + MARGIN;
  let look = PLAIN;
  const drawn = lines.flatMap((line, row) => {
    const { runs, after } = runsOf(line, look);
    look = after;
    return runs.flatMap((run) => drawRun(run, row));
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(options.description)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${PAPER}"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map((fill, n) =>
      `<circle cx="${20 + n * 20}" cy="${BAR / 2}" r="6" fill="${fill}"/>`
    ),
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${CELL.font}" ` +
    `fill="${INK}">`,
    `<text x="${width / 2}" y="${BAR / 2 + 5}" text-anchor="middle" font-size="13" opacity=".6">` +
    `${escaped(options.title)}</text>`,
    ...drawn,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function drawRun({ column, columns, text, look }: Run, row: number): string[] {
  const [x, y] = [round(MARGIN + column * CELL.width), BAR + row * CELL.height];
  const width = round(columns * CELL.width);
  const [ink, paper] = look.swapped ? [look.paper ?? PAPER, look.ink ?? INK] : [look.ink, look.paper];
  const box = paper === null ? [] : [`<rect x="${x}" y="${y}" width="${width}" height="${CELL.height}" fill="${paper}"/>`];
  if (text.trim() === "") return box;
  const attributes = [
    `x="${x}" y="${y + 14}" textLength="${width}" lengthAdjust="spacingAndGlyphs"`,
    ink === null ? "" : ` fill="${ink}"`,
    look.bold ? ' font-weight="bold"' : "",
    look.dim ? ' opacity=".65"' : "",
    look.underlined ? ' text-decoration="underline"' : "",
  ].join("");
  return [...box, `<text ${attributes}>${escaped(text).replaceAll(" ", "\u00a0")}</text>`];
}

/** The runs of a line that begins with a look, and the look after it. */
function runsOf(line: string, before: Look): { runs: Run[]; after: Look } {
  const runs: Run[] = [];
  let [look, column] = [before, 0];
  // deno-lint-ignore no-control-regex -- escape sequences begin with a control character
  for (const [, codes, text = ""] of line.matchAll(/\x1b\[([\d;:]*)m|([^\x1b]+|\x1b)/g)) {
    if (codes !== undefined) {
      look = changed(look, codes);
      continue;
    }
    if (text === "\x1b") throw new Error(`Cannot draw ${JSON.stringify(line)}: an unknown escape sequence`);
    for (const piece of pieces(text)) {
      runs.push({ column, look, ...piece });
      column += piece.columns;
    }
  }
  return { runs, after: look };
}

/** Wide characters stand alone, so that a font without them cannot move what follows. */
function pieces(text: string): { text: string; columns: number }[] {
  const found: { text: string; columns: number }[] = [];
  let narrow = "";
  for (const { segment } of new Intl.Segmenter("en").segment(text)) {
    if (!isWide(segment)) {
      narrow += segment;
      continue;
    }
    if (narrow !== "") found.push({ text: narrow, columns: [...narrow].length });
    found.push({ text: segment, columns: 2 });
    narrow = "";
  }
  if (narrow !== "") found.push({ text: narrow, columns: [...narrow].length });
  return found;
}

function isWide(character: string): boolean {
  return /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6]/u
    .test(character);
}

function changed(look: Look, codes: string): Look {
  const numbers = codes.split(/[;:]/).map(Number);
  let next = look;
  for (let n = 0; n < numbers.length; n++) {
    const code = numbers[n] ?? 0;
    if (code === 38 || code === 48) {
      const color = numbers[n + 1] === 5
        ? indexed(numbers[n + 2] ?? 0)
        : `rgb(${numbers.slice(n + 2, n + 5).join(",")})`;
      n += numbers[n + 1] === 5 ? 2 : 4;
      next = code === 38 ? { ...next, ink: color } : { ...next, paper: color };
    } else next = { ...next, ...changeOf(code) };
  }
  return next;
}

function changeOf(code: number): Partial<Look> {
  if (code >= 30 && code <= 37) return { ink: indexed(code - 30) };
  if (code >= 40 && code <= 47) return { paper: PAPERS[code - 40] ?? null };
  if (code >= 90 && code <= 97) return { ink: indexed(code - 82) };
  if (code >= 100 && code <= 107) return { paper: indexed(code - 92) };
  const changes: Readonly<Record<number, Partial<Look>>> = {
    0: PLAIN,
    1: { bold: true },
    2: { dim: true },
    4: { underlined: true },
    7: { swapped: true },
    22: { bold: false, dim: false },
    24: { underlined: false },
    27: { swapped: false },
    39: { ink: null },
    49: { paper: null },
  };
  return changes[code] ?? {};
}

/** A color of the 256: 16 of the terminal, a cube of 6 x 6 x 6, 24 grays. */
function indexed(index: number): string {
  if (index < 16) return COLORS[index] ?? INK;
  if (index >= 232) return `rgb(${Array(3).fill((index - 232) * 10 + 8).join(",")})`;
  const level = (n: number) => n === 0 ? 0 : n * 40 + 55;
  const place = index - 16;
  return `rgb(${[Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map(level).join(",")})`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
