import { systemClock } from "../../../../src/base/clock.ts";
import { ApiBridge, type ApiBridgeOptions } from "../../../../src/bridges/api/bridge.ts";
import type { LinkEnd, Receipt } from "../../../../src/relay/port/bridge.ts";
import type { AccountId, ChannelId } from "../../../../src/relay/port/ids.ts";
import { RecordingHost } from "../../../contract/recording_host.ts";
import { outgoing } from "../../../contract/stage.ts";
import { ApiClient, type ApiClientOptions } from "../../../support/api_client.ts";
import { LogRecorder } from "../../../support/log_recorder.ts";
import { freePort } from "../../../support/ports.ts";

export const GATEWAY = "movienight" as ChannelId;

/** An API that listens, with the core's side of it. */
export class RunningApi implements AsyncDisposable {
  readonly host: RecordingHost;
  readonly log = new LogRecorder();
  readonly bridge: ApiBridge;
  readonly url: string;
  readonly end: Promise<LinkEnd>;
  readonly #stop = new AbortController();
  readonly #clients: ApiClient[] = [];
  readonly #token: string | null;

  constructor(options: Partial<ApiBridgeOptions> = {}, gateways: readonly string[] = [GATEWAY]) {
    const port = options.port ?? freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.#token = options.token ?? null;
    this.bridge = new ApiBridge({
      account: "api.test" as AccountId,
      ...{ host: "127.0.0.1", token: null, allowOrigins: [], buffer: 100 },
      ...{ maxAgeMs: 86_400_000, problems: () => [], clock: systemClock, log: this.log },
      ...options,
      port,
    });
    this.host = new RecordingHost(
      gateways.map((name) => ({
        ...{ channel: name as ChannelId, written: "api", key: null, sends: true },
      })),
    );
    this.host.runBegins();
    this.end = this.bridge.runOnce(this.host, this.#stop.signal);
  }

  /** A client that is disposed with the API. */
  client(options: Partial<ApiClientOptions> = {}): ApiClient {
    const client = new ApiClient({ url: this.url, token: this.#token, ...options });
    this.#clients.push(client);
    return client;
  }

  /** One that reads the stream; resolves when it was greeted. */
  async reader(options: Partial<ApiClientOptions> = {}): Promise<ApiClient> {
    const client = this.client(options);
    client.read();
    await client.changes.until(() => client.greetings.length > 0, "the greeting");
    return client;
  }

  /** The relay delivers a text. */
  say(text: string, signal = new AbortController().signal): Promise<Receipt> {
    const [part] = this.bridge.render(GATEWAY, outgoing(text));
    if (part === undefined) throw new Error(`Nothing to send: ${text}`);
    return this.bridge.transmit(GATEWAY, part, signal);
  }

  async stop(): Promise<LinkEnd> {
    this.#stop.abort();
    return await this.end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    await this.stop();
  }
}
