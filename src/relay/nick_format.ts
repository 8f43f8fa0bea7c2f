import { graphemes } from "../base/text.ts";
import { PLAIN, type RichText, type Span, type Style } from "./rich_text.ts";

/** What the placeholders of RemoteNickFormat stand for. */
export interface NickFormatValues {
  readonly nick: string;
  readonly protocol: string;
  /** The account's name, without its protocol. */
  readonly bridge: string;
  readonly gateway: string;
  readonly label: string;
  readonly userId: string;
  readonly channel: string;
}

const PLACEHOLDER = /\{([A-Z]+)\}/g;

/**
 * Fills a RemoteNickFormat in one pass over the template: a person who calls themselves "{CHANNEL}" stays so. What is
 * no placeholder stays as written. `nickStyle` is the style of the nick alone.
 */
export function renderNickFormat(
  template: string,
  values: NickFormatValues,
  nickStyle: Style = PLAIN,
): RichText {
  const spans: Span[] = [];
  const add = (text: string, style: Style) => {
    if (text !== "") spans.push({ text, style });
  };
  let from = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    const value = placeholderValue(match[1] ?? "", values);
    if (value === null) continue;
    add(template.slice(from, match.index), PLAIN);
    add(value.text, value.isNick ? nickStyle : PLAIN);
    from = match.index + match[0].length;
  }
  add(template.slice(from), PLAIN);
  return spans;
}

function placeholderValue(
  name: string,
  values: NickFormatValues,
): { text: string; isNick: boolean } | null {
  const plain = (text: string) => ({ text, isNick: false });
  switch (name) {
    case "NICK":
      return { text: values.nick, isNick: true };
    case "NOPINGNICK":
      return { text: noPing(values.nick), isNick: true };
    case "PROTOCOL":
      return plain(values.protocol);
    case "BRIDGE":
      return plain(values.bridge);
    case "GATEWAY":
      return plain(values.gateway);
    case "LABEL":
      return plain(values.label);
    case "USERID":
      return plain(values.userId);
    case "CHANNEL":
      return plain(values.channel);
    default:
      return null;
  }
}

/** The nick with a zero-width space behind its first letter, so that no client takes it for a mention. */
export function noPing(nick: string): string {
  const [first, ...rest] = graphemes(nick);
  return first === undefined || rest.length === 0 ? nick : `${first}\u200b${rest.join("")}`;
}
