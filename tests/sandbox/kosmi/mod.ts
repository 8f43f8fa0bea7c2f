import { freePort } from "../../support/ports.ts";
import { WebApp } from "./app.ts";
import { KosmiCore } from "./core.ts";
import { Images } from "./images.ts";
import type { RoomOptions } from "./room.ts";
import { KosmiSandbox } from "./sandbox.ts";
import { KosmiServer } from "./server.ts";
import type { UserOptions } from "./users.ts";
import type { VariantChange } from "./variants.ts";

export type { KosmiCounters, LogEntry } from "./core.ts";
export type { StoredImage } from "./images.ts";
export type { Junk } from "./junk.ts";
export type { RoomOptions } from "./room.ts";
export { KosmiSandbox, type SeenMessage, type Speaker } from "./sandbox.ts";
export type { ConnectionView } from "./session.ts";
export type { KosmiUser, UserOptions } from "./users.ts";
export {
  DEFAULT_VARIANTS,
  type EndpointFault,
  type KosmiVariants,
  type LoginVariants,
  type VariantChange,
} from "./variants.ts";

export interface KosmiSandboxOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** Only these rooms exist. Default: "@movienight" and "956fp3" open, "@backstage" private. */
  readonly rooms?: readonly RoomOptions[];
  /** Who can log in by email. Default: bot@example.org / "s3cr3t horse", shown as "Relay Bot". */
  readonly users?: readonly UserOptions[];
  readonly variants?: VariantChange;
  /** How many messages each room keeps. Default 10,000. */
  readonly keepMessages?: number;
  /** How many entries the log of received frames keeps. Default 2,000. */
  readonly keepLog?: number;
  /** How often sockets get a control ping. Default 30 s. */
  readonly keepaliveMs?: number;
  /** The server's clock, for tokens and messages: milliseconds since the UNIX epoch. */
  readonly now?: () => number;
}

const DEFAULT_ROOMS: readonly RoomOptions[] = [
  { id: "@movienight", name: "Movie Night" },
  { id: "956fp3", name: "Living room" },
  { id: "@backstage", name: "Backstage", private: true },
];

const DEFAULT_USERS: readonly UserOptions[] = [
  { email: "bot@example.org", password: "s3cr3t horse", displayName: "Relay Bot" },
];

/** Starts a stand-in Kosmi on loopback. */
export async function startKosmi(options: KosmiSandboxOptions = {}): Promise<KosmiSandbox> {
  const core = new KosmiCore({
    rooms: options.rooms ?? DEFAULT_ROOMS,
    users: options.users ?? DEFAULT_USERS,
    variants: options.variants ?? {},
    keepMessages: options.keepMessages ?? 10_000,
    keepLog: options.keepLog ?? 2000,
    now: options.now ?? Date.now,
  });
  const images = new Images(core);
  const app = new WebApp(core);
  const server = new KosmiServer(core, {
    port: options.port ?? freePort(),
    keepaliveMs: options.keepaliveMs ?? 30_000,
    app: (request, response, path) => app.answer(request, response, path),
    images: (request, response, path) => images.answer(request, response, path),
  });
  await server.start();
  return new KosmiSandbox(core, server, images);
}
