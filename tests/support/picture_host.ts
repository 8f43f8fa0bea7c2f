import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Changes } from "./wait.ts";

/** A valid PNG of one pixel. */
export const PNG = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  ),
  (letter) => letter.charCodeAt(0),
);

type Page = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server whose pages a test decides. It notes what was asked for. */
export class PictureHost implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly changes = new Changes();
  readonly pages = new Map<string, Page>();
  readonly #server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://host.test").pathname;
    this.asked.push(`${request.headers.host} ${request.url}`);
    const page = this.pages.get(path);
    if (page === undefined) response.writeHead(404).end();
    else page(request, response);
    this.changes.notify();
  });
  #open = 0;

  static async start(): Promise<PictureHost> {
    const host = new PictureHost();
    host.#server.on("connection", (socket) => {
      host.#open++;
      socket.on("close", () => {
        host.#open--;
        host.changes.notify();
      });
    });
    await new Promise<void>((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    host.picture("/cat.png");
    return host;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot tell the port");
    return address.port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open;
  }

  url(path: string, name = "127.0.0.1"): string {
    return `http://${name}:${this.port}${path}`;
  }

  picture(path: string, bytes: Uint8Array = PNG, headers: Record<string, string> = {}): void {
    this.pages.set(path, (_request, response) => {
      response.writeHead(200, { "content-type": "text/plain", ...headers }).end(Buffer.from(bytes));
    });
  }

  redirect(path: string, to: string, status = 302): void {
    this.pages.set(path, (_request, response) => {
      response.writeHead(status, { location: to }).end("elsewhere");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
