/** A colour as people see it. `palette` keeps the number that a service with numbered colours used. */
export interface Colour {
  /** Six hexadecimal digits, lower case. */
  readonly rgb: string;
  readonly palette?: number;
}

export interface Style {
  readonly bold?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly monospace?: true;
  readonly reverse?: true;
  /** Hidden until a reader asks for it. Must never be shown openly: where a service can't hide it, marked as `||…||`. */
  readonly spoiler?: true;
  readonly colour?: Colour;
  readonly background?: Colour;
}

/** A run of text in one style. The text may hold line breaks ("\n" only) and no other control character. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/**
 * A message's text between two services: each bridge reads its own markup into spans and writes spans as its own
 * markup, so that no bridge knows another's.
 */
export type RichText = readonly Span[];

export const PLAIN: Style = Object.freeze({});

/** Text without any style. */
export function plainText(text: string): RichText {
  return text === "" ? [] : [{ text, style: PLAIN }];
}

/** The visible text alone. */
export function textOf(rich: RichText): string {
  return rich.map((span) => span.text).join("");
}

/** The text for a place that shows no styles, such as an excerpt: without what is hidden. */
export function openText(rich: RichText): string {
  return byVisibility(rich).map(({ spans, hidden }) => hidden ? "[spoiler]" : textOf(spans)).join(
    "",
  );
}

/**
 * The text with `||` around what is hidden, as people write it where nothing else is understood. Bars of the text itself
 * are kept apart, so that none ends what is hidden too early.
 */
export function barredText(rich: RichText): string {
  const runs = byVisibility(rich);
  if (runs.every(({ hidden }) => !hidden)) return textOf(rich);
  return runs.map(({ hidden, spans }) => {
    const text = withoutBars(textOf(spans));
    return hidden ? barred(text) : text;
  }).join("");
}

/** Between two pairs of bars, without a space at either, text is hidden: `barredText` read back. */
const BARRED = /\|\|(?=\S)((?:(?!\|\|)[^])*?\S)\|\|(?!\|)/g;

export function readBarred(text: string): RichText {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(BARRED)) {
    spans.push(...plainText(text.slice(from, match.index)));
    spans.push({ text: match[1] ?? "", style: { spoiler: true } });
    from = match.index + match[0].length;
  }
  return [...spans, ...plainText(text.slice(from))];
}

/** Two bars side by side get a sign between them that takes no room. */
export function withoutBars(text: string): string {
  return text.replace(/\|(?=\|)/g, "|\u200b");
}

/** Hidden text between its marks, spaces outside. It must hold no such marks itself. */
export function barred(text: string): string {
  const inner = text.trim();
  if (inner === "") return text;
  const from = text.length - text.trimStart().length;
  return `${text.slice(0, from)}||${inner}||${text.slice(from + inner.length)}`;
}

/** Runs of spans that are all hidden or all shown. */
export function byVisibility(
  rich: RichText,
): readonly { readonly hidden: boolean; readonly spans: RichText }[] {
  const runs: { hidden: boolean; spans: Span[] }[] = [];
  for (const span of rich) {
    const hidden = span.style.spoiler === true;
    const last = runs.at(-1);
    if (last?.hidden === hidden) last.spans.push(span);
    else runs.push({ hidden, spans: [span] });
  }
  return runs;
}

/** Another text in place of `rich`, in one style: hidden where any of it was. */
export function restyled(rich: RichText, text: string): RichText {
  const hidden = rich.some((span) => span.style.spoiler === true);
  return text === "" ? [] : [{ text, style: hidden ? { spoiler: true } : PLAIN }];
}
