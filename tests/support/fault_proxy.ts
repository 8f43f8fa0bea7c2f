import net from "node:net";
import { freePort, listenOn } from "./ports.ts";
import { Changes } from "./wait.ts";
import { ProxyLink } from "./fault_proxy/proxy_link.ts";
import { type Direction, newShape, type Shape } from "./fault_proxy/shape.ts";

export type { Direction } from "./fault_proxy/shape.ts";

export interface ProxyTarget {
  readonly hostname?: string;
  readonly port: number;
}

export interface FaultProxyOptions {
  readonly target: ProxyTarget;
  /** Where to listen; default any free port. */
  readonly port?: number;
  /** Told of every connection's beginning, bytes and end; connections count from 1. */
  readonly tap?: (event: ProxyEvent) => void;
}

/** What a tap hears. Bytes are told when they are written to the receiving side's socket. */
export type ProxyEvent =
  | { readonly kind: "open"; readonly link: number }
  | {
    readonly kind: "bytes";
    readonly link: number;
    readonly way: "toServer" | "toClient";
    readonly bytes: Uint8Array;
  }
  | { readonly kind: "end"; readonly link: number };

/** What has gone through since the start. */
export interface ProxyCounts {
  /** Connections that clients opened, open or not any more. */
  readonly accepted: number;
  readonly open: number;
  /** Of those accepted: how many the target did not take. */
  readonly unreachable: number;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
}

/**
 * A TCP proxy on 127.0.0.1 for tests of what networks do. It knows no protocol. Faults hold for present and future connections until
 * they are taken back.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #links = new Set<ProxyLink>();
  readonly #changes = new Changes();
  readonly #shape: Shape = newShape();
  readonly #tap: (event: ProxyEvent) => void;
  #target: ProxyTarget;
  #listener: net.Server | null = null;
  readonly #port: number;
  #accepted = 0;
  #unreachable = 0;
  #bytes = { toServer: 0, toClient: 0 };

  private constructor(options: FaultProxyOptions) {
    this.#target = options.target;
    this.#port = options.port ?? freePort();
    this.#tap = options.tap ?? (() => {});
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.accept();
    return proxy;
  }

  /** Stays the same over `refuse` and `accept`. */
  get port(): number {
    return this.#port;
  }

  get counts(): ProxyCounts {
    return {
      accepted: this.#accepted,
      open: this.#links.size,
      unreachable: this.#unreachable,
      bytesToServer: this.#bytes.toServer,
      bytesToClient: this.#bytes.toClient,
    };
  }

  /** Resolves when the counts are as `predicate` wants them. */
  async waitFor(
    predicate: (counts: ProxyCounts) => boolean,
    what: string,
    timeoutMs?: number,
  ): Promise<void> {
    const seen = () => JSON.stringify(this.counts);
    await this.#changes.until(() => predicate(this.counts), what, timeoutMs, seen);
  }

  /** Ends all present connections on both sides: with RST (a crash, a firewall) or with FIN (an orderly end). */
  cut(how: "rst" | "fin" = "rst"): void {
    for (const link of this.#links) link.cut(how);
  }

  /** Connections stay open and new ones are taken, but nothing passes in this direction. */
  stall(direction: Direction = "both"): void {
    this.#reshape(direction, (way) => way.stalled = true);
  }

  /** Ends `stall`, `delay` and `throttle`: what was held back passes. */
  resume(): void {
    Object.assign(this.#shape, newShape());
    for (const link of this.#links) link.reshape(this.#shape);
  }

  /** Each byte arrives this much later; order is kept. */
  delay(delayMs: number, direction: Direction = "both"): void {
    this.#reshape(direction, (way) => way.delayMs = delayMs);
  }

  /** Each connection gets at most so many bytes a second in this direction. */
  throttle(bytesPerSecond: number, direction: Direction = "both"): void {
    this.#reshape(direction, (way) => way.bytesPerSecond = bytesPerSecond);
  }

  /** Ends one direction of all present connections with FIN; the other goes on. */
  halfClose(direction: Exclude<Direction, "both">): void {
    for (const link of this.#links) link.halfClose(direction);
  }

  /** Stops listening: who connects is refused. Present connections stay. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    if (listener === null) return;
    this.#listener = null;
    // close() calls back only when the last connection ends; the port is free at once.
    listener.close();
    await Promise.resolve();
  }

  /** Listens again, on the same port. */
  async accept(): Promise<void> {
    if (this.#listener !== null) return;
    // Half-open connections are a fault to relay, not to tidy up.
    const listener = net.createServer({ allowHalfOpen: true }, (client) => this.#take(client));
    await listenOn(listener, this.#port);
    this.#listener = listener;
  }

  /** New connections go to another server; present ones stay where they are. */
  retarget(target: ProxyTarget): void {
    this.#target = target;
  }

  /** Ends everything. Idempotent. */
  async close(): Promise<void> {
    await this.refuse();
    for (const link of this.#links) link.cut("rst");
    await this.waitFor((counts) => counts.open === 0, "the proxy's connections to end");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #reshape(direction: Direction, change: (way: Shape["toServer"]) => void): void {
    if (direction !== "toClient") change(this.#shape.toServer);
    if (direction !== "toServer") change(this.#shape.toClient);
    for (const link of this.#links) link.reshape(this.#shape);
  }

  #take(client: net.Socket): void {
    const number = ++this.#accepted;
    this.#tap({ kind: "open", link: number });
    const { hostname: host = "127.0.0.1", port } = this.#target;
    const server = net.connect({ host, port, allowHalfOpen: true });
    const link = new ProxyLink({
      client,
      server,
      shape: this.#shape,
      passed: (way, bytes) => {
        this.#bytes[way] += bytes.length;
        this.#tap({ kind: "bytes", link: number, way, bytes });
        this.#changes.notify();
      },
      ended: (reached) => {
        if (!reached) this.#unreachable++;
        this.#links.delete(link);
        this.#tap({ kind: "end", link: number });
        this.#changes.notify();
      },
    });
    this.#links.add(link);
    this.#changes.notify();
  }
}

/** Starts a proxy in front of `target`. */
export function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  return FaultProxy.start(options);
}
