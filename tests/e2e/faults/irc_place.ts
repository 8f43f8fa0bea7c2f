import { startIrcServer } from "../../sandbox/irc/irc_sandbox.ts";
import { startInspircd, startNgircd, type TestIrcServer } from "../../support/irc_servers.ts";
import type { ServerKind } from "./plan.ts";

/** An IRC server that can go away and come back on its port. */
export interface IrcPlace extends AsyncDisposable {
  readonly kind: ServerKind;
  readonly port: number;
  /** Whether it keeps what was said over its own restart. */
  readonly remembers: boolean;
  down(how: "killed" | "stopped"): Promise<void>;
  up(): Promise<void>;
}

/** As patient as can be with quick clients: what is tested is the relay. */
export async function startIrcPlace(kind: ServerKind): Promise<IrcPlace> {
  switch (kind) {
    case "ngircd":
      return real(kind, await startNgircd({ penalty: false }));
    case "inspircd":
      return real(
        kind,
        await startInspircd({
          commandRate: 1_000_000,
          threshold: 1_000,
          recvQ: 1_000_000,
          chanHistory: true,
          chanHistoryLines: 2_000,
        }),
      );
    case "chathistory":
      return await sandbox();
  }
}

function real(kind: ServerKind, server: TestIrcServer): IrcPlace {
  return {
    kind,
    port: server.port,
    remembers: false,
    down: (how) => server.stop(how === "killed" ? "SIGKILL" : "SIGTERM"),
    up: () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function sandbox(): Promise<IrcPlace> {
  const server = await startIrcServer({ chatHistory: true });
  return {
    kind: "chathistory",
    port: server.port,
    remembers: true,
    async down(how) {
      server.refuse();
      server.cutAll(how === "killed" ? "rst" : "fin");
      await Promise.resolve();
    },
    up: () => server.listen(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}
