import assert from "node:assert/strict";
import { openConnection } from "../../../../src/bridges/irc/wire/socket.ts";

const WORDS = "ERROR Closing Link: (K-Lined)";
/** In a process of its own: only so can it close between two writes of ours. */
const SERVER = `
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(listener.addr.port);
for await (const connection of listener) {
  await connection.write(new TextEncoder().encode("${WORDS.replace(" ", " :")}\\r\\n"));
  connection.close();
}`;

Deno.test("openConnection() reads the last words of a server that closes as soon as it is connected to", async () => {
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", SERVER], stdout: "piped" });
  await using server = command.spawn();
  const reader = server.stdout.getReader();
  const port = Number(new TextDecoder().decode((await reader.read()).value));
  // Which comes first, its close or our second line, is decided anew each time.
  for (let round = 0; round < 400; round++) assert.deepEqual(await heard(port), [WORDS]);
  server.kill("SIGKILL");
  await reader.cancel();
});

/** What a server says to somebody who registers at once. */
async function heard(port: number): Promise<string[]> {
  const lines: string[] = [];
  const closed = Promise.withResolvers<void>();
  const dial = { host: "127.0.0.1", port, bind: null, tls: null, proxy: null };
  const connection = openConnection({ dial, charset: null }, {
    opened: () => {
      connection.send({ command: "CAP", params: ["LS", "302"] });
      connection.send({ command: "NICK", params: ["relay"] });
      connection.send({ command: "USER", params: ["relay", "0", "*", "relay"] });
    },
    message: ({ command, params }) => lines.push([command, ...params].join(" ")),
    bytes: () => {},
    tooLong: () => {},
    fault: (thrown) => assert.fail(String(thrown)),
    closed: () => closed.resolve(),
  });
  await closed.promise;
  return lines;
}
