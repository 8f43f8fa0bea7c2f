import { Changes } from "./wait.ts";

/** A frame of the API as a client sees it. */
export type ApiFrame = Readonly<Record<string, unknown>> & {
  readonly text: string;
  readonly username: string;
  readonly event: string;
  readonly gateway: string;
  readonly id: string;
};

export interface ApiClientOptions {
  /** Such as http://127.0.0.1:4242. */
  readonly url: string;
  readonly token?: string | null;
  /** Reconnect after each end of the stream, resuming; default true. */
  readonly again?: boolean;
}

/** A client of Matterbridge's API: reads the stream, posts. */
export class ApiClient implements AsyncDisposable {
  /** All that came, but for greetings. */
  readonly frames: ApiFrame[] = [];
  readonly greetings: ApiFrame[] = [];
  readonly changes = new Changes();
  /** Streams that the server ended in good order. */
  ends = 0;
  readonly #options: ApiClientOptions;
  readonly #stop = new AbortController();
  readonly #http = Deno.createHttpClient({});
  #reading: Promise<void> = Promise.resolve();

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** Reads until disposed. */
  read(): void {
    this.#reading = this.#readAll();
  }

  /** The id of the newest message that it has. */
  get last(): string | null {
    return this.frames.findLast(({ id }) => id !== "")?.id ?? null;
  }

  async post(
    message: Readonly<Record<string, unknown>>,
    headers: Record<string, string> = {},
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const response = await this.fetch("/api/message", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(message),
    });
    return { status: response.status, body: await response.json() };
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const { token = null, url } = this.#options;
    if (token !== null && !headers.has("authorization")) {
      headers.set("authorization", `Bearer ${token}`);
    }
    return fetch(`${url}${path}`, { ...init, headers, client: this.#http });
  }

  texts(): string[] {
    return this.frames.map(({ text }) => text);
  }

  async waitForTexts(count: number): Promise<string[]> {
    const seen = () => JSON.stringify(this.texts().slice(-20));
    const enough = () => this.frames.length >= count;
    await this.changes.until(enough, `${count} messages`, undefined, seen);
    return this.texts();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading;
    this.#http.close();
  }

  async #readAll(): Promise<void> {
    const { signal } = this.#stop;
    do {
      try {
        await this.#readOnce(signal);
      } catch {
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } while (!signal.aborted && this.#options.again !== false);
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const since = this.last === null ? "" : `?since=${this.last}`;
    const response = await this.fetch(`/api/stream${since}`, { signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`HTTP ${response.status}`);
    }
    let rest = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
      this.changes.notify();
    }
    this.ends++;
    this.changes.notify();
  }

  #take(frame: ApiFrame): void {
    (frame.event === "api_connected" ? this.greetings : this.frames).push(frame);
  }
}
