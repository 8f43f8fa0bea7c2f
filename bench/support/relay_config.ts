import type { KosmiSandbox } from "../../tests/sandbox/kosmi/mod.ts";
import { type RelayProcess, startRelay } from "../../tests/support/relay_process.ts";
import type { Bench } from "./bench.ts";

export const ROOM = "@movienight";

/** A server as the relay dials it. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `[irc.NAME]`. `extra`: further lines. */
export function ircAccount(
  name: string,
  server: Address,
  extra = "MessageDelay=1\nBurst=1000",
): string {
  return `
[irc.${name}]
Server="${server.host}:${server.port}"
Nick="relay"
RemoteNickFormat="<{NICK}> "
${extra}
`;
}

/** `[kosmi.NAME]` on the stand-in. */
export function kosmiAccount(name: string, kosmi: KosmiSandbox, extra = "MessageDelay=0"): string {
  return `
[kosmi.${name}]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"
RemoteNickFormat="<{NICK}> "
${extra}
`;
}

/** One gateway; each endpoint is `account channel`. */
export function gateway(name: string, ...endpoints: readonly string[]): string {
  const places = endpoints.map((endpoint) => {
    const [account = "", channel = ""] = endpoint.split(" ");
    return `[[gateway.inout]]\naccount="${account}"\nchannel="${channel}"\n`;
  });
  return `\n[[gateway]]\nname="${name}"\nenable=true\n${places.join("")}`;
}

/** Starts the relay as a process and waits until it is in all these channels. `--relay FILE` runs another program. */
export async function startRelayIn(
  bench: Bench,
  config: string,
  channels: readonly string[],
): Promise<RelayProcess> {
  const entry = bench.text("relay");
  const relay = await startRelay({ config, ...(entry === null ? {} : { entry }) });
  try {
    for (const channel of channels) {
      await relay.waitForLog(new RegExp(`msg="in ${channel}"`), { timeoutMs: 60_000 });
    }
    return relay;
  } catch (error) {
    await relay[Symbol.asyncDispose]();
    throw error;
  }
}
