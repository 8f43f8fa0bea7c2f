import assert from "node:assert/strict";
import { startInspircd, type TestIrcServer } from "../support/irc_servers.ts";
import { needs } from "../support/skip.ts";
import { CHANNEL, World } from "./support/world.ts";

const STS = `<module name="ircv3_sts">
<sts host="localhost" duration="1d" port="{tlsPort}">`;

/** A listener in the place of the plain-text port: whoever comes there is an error. */
class Trap implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  visits = 0;

  constructor() {
    this.#serving = this.#serve();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      this.visits++;
      conn.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

/** The server by its name, which InspIRCd wants to hear (SNI) before it tells a policy. */
function byName(server: TestIrcServer): TestIrcServer {
  return {
    ...server,
    host: "localhost" as TestIrcServer["host"],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

needs("inspircd", "openssl")(
  "STS: a server that wants TLS gets it, and after a restart no plain text comes before it",
  async () => {
    await using server = await startInspircd({ extra: STS });
    const env = { DENO_CERT: server.certificate.caPath, MATTERBRIDGE_DATA_DIR: "./data" };
    const irc = 'MessageDelay=1\nPassword="sekrit-pass"';
    await using world = await World.create({ server: byName(server), env, irc });
    const { relay, alice } = world;
    await relay.waitForLog(/The server wants TLS \(STS\): going to port \d+/);
    await alice.raw("WHOIS relay");
    await alice.waitFor((line) => line.command === "671", "relay to be on a secure connection");
    const stored = JSON.parse(await Deno.readTextFile(`${relay.dir}/data/sts_policies.json`));
    assert.equal(stored.policies["localhost"].port, server.tlsPort);

    await relay.stop();
    await using trap = new Trap();
    const { port } = trap;
    const config = await Deno.readTextFile(relay.configPath);
    await relay.writeConfig(config.replace(`:${server.port}"`, `:${port}"`));
    const since = relay.mark();
    relay.start();
    await relay.waitForLog(new RegExp(`msg="in ${CHANNEL}"`), { since, timeoutMs: 30_000 });
    assert.equal(trap.visits, 0);
    assert.doesNotMatch(relay.output, /sekrit-pass/);
  },
);
