// The part of irc-framework 4.14 that the adapter uses; the package has no types of its own.
import type { EventEmitter } from "node:events";

export interface FrameworkMessage {
  readonly tags: Readonly<Record<string, string>>;
  readonly nick: string;
  readonly ident: string;
  readonly hostname: string;
  readonly prefix: string;
  readonly command: string;
  readonly params: readonly string[];
}

/** What irc-framework calls on a transport; it listens to open, line, close, debug and extra. */
export interface FrameworkTransport extends EventEmitter {
  connect(): void;
  writeLine(line: string, callback?: () => void): void;
  close(force?: boolean): void;
  disposeSocket(): void;
  setEncoding(encoding: string): boolean;
}

export interface FrameworkOptions {
  version: false;
  auto_reconnect: false;
  ping_interval: 0;
  ping_timeout: 0;
  transport: new () => FrameworkTransport;
}

export type RawMiddleware = (
  command: string,
  message: FrameworkMessage,
  rawLine: string,
  client: Client,
  next: () => void,
) => void;

export default class Client {
  /** Called when the socket is open; sends the opening lines. */
  registerToNetwork: () => void;
  connect(options: FrameworkOptions): void;
  raw(line: string): void;
  use(
    middleware: (
      client: Client,
      raw: { use(middleware: RawMiddleware): void },
      parsed: unknown,
    ) => void,
  ): this;
  on(event: "socket connected", listener: () => void): this;
  on(event: "socket close", listener: (error: Error | false | undefined) => void): this;
  removeAllListeners(): this;
}
