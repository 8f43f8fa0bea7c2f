import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { BridgeHost } from "../../relay/bridge.ts";
import type { ChannelId } from "../../relay/ids.ts";
import { type CaughtUp, readArchive } from "./archive.ts";
import type { ArchivePage, Decoder, KosmiMessage } from "./decode.ts";
import { describeErrors } from "./graphql_error.ts";
import type { KosmiLink } from "./link.ts";
import type { OnceLog } from "./once_log.ts";
import type { OperationRunner } from "./operation_runner.ts";
import type { HistoryLimits } from "./options.ts";
import type { KosmiProtocol } from "./protocol.ts";

export interface RoomArchiveOptions {
  readonly channel: ChannelId;
  readonly host: BridgeHost;
  readonly link: KosmiLink;
  readonly runner: OperationRunner;
  readonly decoder: Decoder;
  readonly protocol: KosmiProtocol;
  readonly history: HistoryLimits;
  readonly clock: Clock;
  readonly said: OnceLog;
}

const FIRST_LOOK_LIMIT_MS = 2_000;
/** Waits before each try to read the archive. */
const ARCHIVE_TRIES_MS: readonly number[] = [0, 500, 2_000];
/** A message from so far in the future shows that Kosmi's clock is ahead of ours. */
const CLOCKS_DIFFER_MS = 2_000;

/** What a room's archive tells, as far as the server lets it be asked. Nothing here rejects. */
export class RoomArchive {
  readonly #o: RoomArchiveOptions;
  /** False while the archive did not answer the first look of this stay: it is not waited for twice. */
  #answers = true;

  constructor(options: RoomArchiveOptions) {
    this.#o = options;
  }

  /**
   * At the very first visit: what stood in the room before us, which is not ours to relay. What is said from here on is,
   * also while the subscription has not begun. Null at every later visit, and where there is no archive. The two
   * clocks decide what was said before we joined; where the page is from the future they differ, and all of it counts as older.
   */
  async firstLook(joinsAtMs: number): Promise<readonly KosmiMessage[] | null> {
    this.#answers = true;
    if (this.#o.host.cursor(this.#o.channel) !== null) return null;
    const page = await this.#soon(this.page(null));
    this.#answers = page !== null;
    if (page === null) return null;
    const joinSecondMs = Math.floor(joinsAtMs / 1_000) * 1_000;
    const latestMs = this.#o.clock.now() + CLOCKS_DIFFER_MS;
    const clocksDiffer = page.messages.some(({ atMs }) => atMs !== null && atMs > latestMs);
    return page.messages.filter(({ atMs }) => clocksDiffer || atMs === null || atMs < joinSecondMs);
  }

  /**
   * What was said since the host's cursor; null where the archive can't tell. In both cases what was sent on the socket
   * before has been read by the server when this resolves, in particular the start of a subscription.
   */
  async sinceCursor(): Promise<CaughtUp | null> {
    const caughtUp = this.#answers ? await this.#readAgain() : null;
    if (caughtUp === null) await this.#fence();
    return caughtUp;
  }

  /** What is not read now is never caught up: an archive that fails is asked again before it is done without. */
  async #readAgain(): Promise<CaughtUp | null> {
    const { host, channel, history, clock, link, runner } = this.#o;
    const since = host.cursor(channel);
    for (const waitMs of since === null ? [0] : ARCHIVE_TRIES_MS) {
      if (waitMs > 0) await clock.sleep(waitMs, link.signal).catch(() => {});
      const page = (cursor: string | null) => this.page(cursor);
      const caughtUp = await readArchive({ page, since, limits: history, nowMs: clock.now() });
      if (caughtUp !== null || link.signal.aborted) return caughtUp;
      if (runner.offers("chatArchive") === false) return null;
    }
    return null;
  }

  /** One page, without a cursor the newest; null where it can't be had. */
  async page(cursor: string | null): Promise<ArchivePage | null> {
    const { runner, protocol, decoder, link, channel } = this.#o;
    if (runner.offers("chatArchive") === false) return null;
    const values = { room: channel, channel: protocol.channelId, cursor: cursor ?? undefined };
    try {
      const { value, errors } = await runner.run("chatArchive", values);
      const page = decoder.archive(value);
      if (page === null && errors.length > 0) this.#complain(describeErrors(errors));
      return page;
    } catch (thrown) {
      if (!link.signal.aborted) this.#complain(describeError(thrown));
      return null;
    }
  }

  #complain(said: string): void {
    this.#o.said.warn("archive", "Kosmi does not show the archive: {said}", { said });
  }

  /** Null when it takes long: at a first visit there is nothing to catch up that would be worth waiting for. */
  #soon<T>(work: Promise<T>): Promise<T | null> {
    return new Promise((resolve) => {
      const cancel = this.#o.link.deadlines.add(FIRST_LOOK_LIMIT_MS, () => resolve(null));
      void work.then((value) => {
        cancel();
        resolve(value);
      });
    });
  }

  /** No answer tells that a subscription has begun, but one to a later operation on the same socket does. */
  async #fence(): Promise<void> {
    const request = { title: "RelayFence", text: "query RelayFence { __typename }", variables: {} };
    const { introspectionTimeoutMs } = this.#o.protocol.limits;
    await this.#o.link.request(request, introspectionTimeoutMs).catch(() => {});
  }
}
