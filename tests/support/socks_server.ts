import net from "node:net";
import { Changes } from "./wait.ts";

export interface SocksServerOptions {
  /** Wanted of every client; default none. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Where a name that no DNS knows leads; default: names are looked up. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** "silent": accepts and never answers; "refuse": "connection refused" for every wish. */
  readonly habit?: "silent" | "refuse";
}

export interface SocksServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** What clients wanted to reach, as `name:port`, in the form in which they said it. */
  readonly wishes: readonly string[];
  readonly openConnections: number;
  /** Resolves when every connection has ended. */
  quiet(): Promise<void>;
}

/** A SOCKS5 proxy (RFC 1928, 1929) that connects to anything, as Tor's port does. */
export async function startSocksServer(options: SocksServerOptions = {}): Promise<SocksServer> {
  const wishes: string[] = [];
  const open = new Set<net.Socket>();
  const changes = new Changes();
  const server = net.createServer((client) => {
    open.add(client);
    client.on("error", () => {});
    client.on("close", () => {
      open.delete(client);
      changes.notify();
    });
    if (options.habit !== "silent") {
      void serve(client, options, wishes).catch(() => client.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot listen");
  return {
    host: "127.0.0.1",
    port: address.port,
    wishes,
    get openConnections() {
      return open.size;
    },
    quiet: () =>
      changes.until(() => open.size === 0, "the proxy's connections to end").then(() => {}),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  client: net.Socket,
  options: SocksServerOptions,
  wishes: string[],
): Promise<void> {
  const bytes = reader(client);
  const [, methods = 0] = await bytes(2);
  await bytes(methods);
  const { login } = options;
  client.write(Uint8Array.of(5, login === undefined ? 0 : 2));
  if (login !== undefined) {
    const user = new TextDecoder().decode(await bytes((await bytes(2))[1] ?? 0));
    const password = new TextDecoder().decode(await bytes((await bytes(1))[0] ?? 0));
    const isRight = user === login.user && password === login.password;
    client.write(Uint8Array.of(1, isRight ? 0 : 1));
    if (!isRight) return void client.end();
  }
  const [, , , kind] = await bytes(4);
  const host = await readHost(bytes, kind ?? 0);
  const [high = 0, low = 0] = await bytes(2);
  const port = high * 256 + low;
  wishes.push(`${host}:${port}`);
  const answer = (code: number) => client.write(Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0));
  if (options.habit === "refuse") return void answer(5);
  const target = net.connect({ host: options.hosts?.[host] ?? host, port });
  target.on("error", () => client.destroy());
  target.once("connect", () => {
    answer(0);
    client.pipe(target);
    target.pipe(client);
  });
  client.on("close", () => target.destroy());
  target.on("close", () => client.destroy());
}

async function readHost(bytes: (count: number) => Promise<Uint8Array>, kind: number) {
  if (kind === 1) return (await bytes(4)).join(".");
  if (kind === 3) return new TextDecoder().decode(await bytes((await bytes(1))[0] ?? 0));
  const groups = await bytes(16);
  return Array.from({ length: 8 }, (_, at) => {
    return ((groups[2 * at] ?? 0) << 8 | (groups[2 * at + 1] ?? 0)).toString(16);
  }).join(":");
}

/** Takes just so many bytes; the rest stays for whoever reads next. */
function reader(socket: net.Socket): (count: number) => Promise<Uint8Array> {
  return async (count) => {
    if (count === 0) return new Uint8Array(0);
    while (true) {
      const chunk: Uint8Array | null = socket.read(count);
      if (chunk !== null) return chunk;
      if (socket.destroyed) throw new Error("The client is gone");
      await new Promise((resolve) => {
        socket.once("readable", resolve);
        socket.once("close", resolve);
      });
    }
  };
}
