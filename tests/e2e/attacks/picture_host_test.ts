import assert from "node:assert/strict";
import { downloadPicture, PUBLIC_INTERNET } from "../../../src/bridges/kosmi/pictures/download.ts";
import type { PictureNetwork } from "../../../src/bridges/kosmi/link/options.ts";
import { CHANNEL, SandboxWorld } from "../support/sandbox_world.ts";

const encoder = new TextEncoder();
const MIB = 1024 * 1024;
const PNG_HEAD = "\\x89PNG\\r\\n\\x1a\\n";

/** The hostile host stands on loopback; a test lets it play the public web. */
const LOOPBACK: PictureNetwork = {
  resolve: () => Promise.resolve(["127.0.0.1"]),
  mayVisit: () => true,
};

/** A picture server that answers with what `write` says, for as long as somebody listens. */
class HostileHost implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  visits = 0;
  wire = 0;

  constructor(write: () => Iterable<string | Uint8Array>) {
    this.#serving = this.#serve(write);
  }

  get url(): URL {
    return new URL(`http://cats.test:${this.#listener.addr.port}/cat.png`);
  }

  async #serve(write: () => Iterable<string | Uint8Array>): Promise<void> {
    for await (const conn of this.#listener) {
      this.visits++;
      try {
        await conn.read(new Uint8Array(4_096));
        for (const piece of write()) {
          const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
          for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
          this.wire += bytes.length;
        }
        conn.close();
      } catch {
        // It has had enough of us.
        try {
          conn.close();
        } catch {
          // Closed.
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

function* forever(piece: string, first: string): Generator<string> {
  yield first;
  for (;;) yield piece;
}

const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const ONE_BYTE_CHUNKS = "1\r\nx\r\n".repeat(20_000);

const ANSWERS: Record<string, () => Iterable<string>> = {
  "chunks of one byte": () => forever(ONE_BYTE_CHUNKS, `${HEAD}${PNG_CHUNK}`),
  "chunks with a long extension": () =>
    forever(`1;${"e".repeat(200)}\r\nx\r\n`.repeat(500), `${HEAD}${PNG_CHUNK}`),
  "a body without an end": () => forever("x".repeat(100_000), `HTTP/1.1 200 OK\r\n\r\n${RAW_PNG}`),
  "hints without an end": () =>
    forever("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".repeat(500), ""),
  "a head without an end": () => forever(`x-${"y".repeat(4_000)}: z\r\n`, "HTTP/1.1 200 OK\r\n"),
  "a line without an end": () => forever("z".repeat(50_000), "HTTP/1.1 200 OK\r\nx: "),
};
const RAW_PNG = PNG_HEAD.replaceAll(/\\x(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
  .replaceAll("\\r", "\r").replaceAll("\\n", "\n");
const PNG_CHUNK = `c\r\nGIF89a......\r\n`;

for (const [name, write] of Object.entries(ANSWERS)) {
  Deno.test(`attack: a picture server that sends ${name} costs little`, async () => {
    await using host = new HostileHost(write);
    const before = Deno.memoryUsage();
    let most = 0;
    const watch = setInterval(() => {
      const { heapUsed, external } = Deno.memoryUsage();
      most = Math.max(most, heapUsed + external - before.heapUsed - before.external);
    }, 20);
    const download = downloadPicture(
      host.url,
      { network: LOOPBACK, maxBytes: 10 * MIB },
      AbortSignal.timeout(20_000),
    );
    const error = await download.then(() => assert.fail("a picture?"), (thrown) => thrown);
    clearInterval(watch);
    assert.match(String(error), /odd|larger than 10 MiB|far longer|does not come|no PNG/);
    assert.ok(host.wire < 40 * MIB, `${host.wire} bytes were taken`);
    assert.ok(most < 120 * MIB, `${Math.round(most / MIB)} MiB more`);
  });
}

Deno.test("attack: an address of this machine is not talked to, whatever it is", async () => {
  await using host = new HostileHost(() => ["HTTP/1.1 200 OK\r\n\r\n", RAW_PNG]);
  // As if 127.0.0.1 were the public address of this machine.
  const network: PictureNetwork = { ...PUBLIC_INTERNET, ...LOOPBACK };
  const download = downloadPicture(
    host.url,
    { network, maxBytes: MIB },
    AbortSignal.timeout(5_000),
  );
  await assert.rejects(download, /leads to this machine itself/);
});

Deno.test("attack: no spelling of a link leads to a service of this machine", async () => {
  await using trap = new HostileHost(() => ["HTTP/1.1 200 OK\r\n\r\n", RAW_PNG]);
  await using world = await SandboxWorld.create({ kosmi: "UploadImages=true\nMessageDelay=0" });
  const { port } = trap.url;
  const hosts = [
    ...["127.0.0.1", "localhost", "0", "0.0.0.0", "127.1", "0x7f.1", "2130706433", "017700000001"],
    ...["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"],
    ...[
      "[2002:7f00:1::]",
      "①②⑦.⓪.⓪.①",
      "127。0。0。1",
      "localhost.",
      "127.0.0.1.",
      "169.254.169.254",
    ],
    ...["a@127.0.0.1", "a:b@localhost", "evil.example@127.0.0.1"],
  ];
  for (const host of hosts) {
    world.irc.say("alice", CHANNEL, `http://${host}:${port}/${encodeURIComponent(host)}.png`);
  }
  // Speakers take turns: only what the same one says comes after all this.
  const said = await world.inKosmi("alice");
  assert.equal(said.length, hosts.length);
  assert.equal(trap.visits, 0);
  assert.equal(world.kosmi.images().size, 0);
});
