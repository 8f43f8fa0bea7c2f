import type net from "node:net";
import { Pipe } from "./pipe.ts";
import type { Shape } from "./shape.ts";

export interface ProxyLinkOptions {
  readonly client: net.Socket;
  readonly server: net.Socket;
  readonly shape: Shape;
  readonly passed: (way: "toServer" | "toClient", bytes: Uint8Array) => void;
  /** Both sockets are closed. `reached`: the target had taken the connection. */
  readonly ended: (reached: boolean) => void;
}

/** One client's connection through the proxy. A reset on one side becomes a reset on the other. */
export class ProxyLink {
  readonly #client: net.Socket;
  readonly #server: net.Socket;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;
  #reached = false;

  constructor(options: ProxyLinkOptions) {
    const { client, server, shape, passed, ended } = options;
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) socket.setNoDelay(true);
    this.#toServer = new Pipe(client, server, shape.toServer, (bytes) => passed("toServer", bytes));
    this.#toClient = new Pipe(server, client, shape.toClient, (bytes) => passed("toClient", bytes));
    server.on("connect", () => this.#reached = true);
    let open = 2;
    for (const socket of [client, server]) {
      socket.on("error", () => this.cut("rst"));
      socket.on("close", () => {
        if (--open === 0) ended(this.#reached);
      });
    }
  }

  reshape(shape: Shape): void {
    this.#toServer.reshape(shape.toServer);
    this.#toClient.reshape(shape.toClient);
  }

  halfClose(direction: "toServer" | "toClient"): void {
    if (direction === "toServer") this.#toServer.end();
    else this.#toClient.end();
  }

  cut(how: "rst" | "fin"): void {
    this.#toServer.close();
    this.#toClient.close();
    for (const socket of [this.#client, this.#server]) {
      if (how === "rst") socket.resetAndDestroy();
      else socket.end(() => socket.destroy());
    }
  }
}
