// The part of irc-framework 4.14 that is used: its line parser. The package has no types of its own.

interface ParsedLine {
  readonly tags: Readonly<Record<string, string>>;
  readonly nick: string;
  readonly ident: string;
  readonly hostname: string;
  readonly prefix: string;
  readonly command: string;
  readonly params: readonly string[];
}

export default function parseIrcLine(line: string): ParsedLine;
