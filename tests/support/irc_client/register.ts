import type { IrcLine } from "../irc_line.ts";

export interface RegisterOptions {
  readonly nick: string;
  /** Server password. */
  readonly password?: string;
  /** Capabilities to request; those the server does not offer are left out. */
  readonly caps?: readonly string[];
  readonly user?: string;
  readonly realName?: string;
}

/** What registering needs of a client. */
interface Registrant {
  readonly lines: readonly IrcLine[];
  raw(line: string): Promise<void>;
  waitFor(predicate: (line: IrcLine) => boolean, what: string): Promise<IrcLine>;
}

/** Registers a client that has just connected; resolves after the welcome with the nick and the capabilities granted. */
export async function register(
  client: Registrant,
  options: RegisterOptions,
): Promise<{ nick: string; caps: ReadonlySet<string> }> {
  let granted: ReadonlySet<string> = new Set();
  const { nick, password, caps } = options;
  if (caps !== undefined) client.raw("CAP LS 302");
  if (password !== undefined) client.raw(`PASS ${password}`);
  client.raw(`NICK ${nick}`);
  client.raw(`USER ${options.user ?? "tester"} 0 * :${options.realName ?? "Test client"}`);
  if (caps !== undefined) granted = await negotiate(client, caps);
  const settled = (line: IrcLine) =>
    line.command === "001" || line.command === "ERROR" ||
    /^(43[23679]|46[45])$/.test(line.command);
  const line = await client.waitFor(settled, "the welcome");
  if (line.command !== "001") throw new Error(`Cannot register as ${nick}: ${line.raw}`);
  // MOTD or its absence ends the welcome.
  await client.waitFor((end) => end.command === "376" || end.command === "422", "the end of MOTD");
  return { nick: line.params[0] ?? nick, caps: granted };
}

async function negotiate(
  client: Registrant,
  wanted: readonly string[],
): Promise<ReadonlySet<string>> {
  const isAnswer = (line: IrcLine, ...kinds: string[]) =>
    line.command === "CAP" && kinds.includes(line.params[1] ?? "");
  const unknown = (line: IrcLine) => line.command === "421" && line.params[1] === "CAP";
  const listed = (line: IrcLine) => isAnswer(line, "LS") && line.params[2] !== "*";
  const last = await client.waitFor((line) => listed(line) || unknown(line), "CAP LS");
  if (unknown(last)) return new Set();
  const offered = client.lines.filter((line) => isAnswer(line, "LS"))
    .flatMap((line) => line.text.trim().split(/\s+/))
    .map((capability) => capability.split("=", 1)[0] ?? "");
  let granted: readonly string[] = [];
  const requested = wanted.filter((capability) => offered.includes(capability));
  if (requested.length > 0) {
    client.raw(`CAP REQ :${requested.join(" ")}`);
    const line = await client.waitFor((answer) => isAnswer(answer, "ACK", "NAK"), "CAP ACK");
    if (isAnswer(line, "ACK")) granted = requested;
  }
  client.raw("CAP END");
  return new Set(granted);
}
