import { delay, type FaultRecord } from "./fault_record.ts";
import type { Fault, LinkName } from "./fault.ts";
import type { FaultWorld } from "./fault_world.ts";
import type { FaultProxy } from "../../support/fault_proxy.ts";

type Shape = (proxy: FaultProxy) => void;

/** Makes the faults of a schedule happen in a world, also several at once, and takes all of them back in the end. */
export class FaultPlayer {
  readonly records: FaultRecord[] = [];
  readonly #world: FaultWorld;
  readonly #turns = new Map<string, Promise<void>>();
  /** Silences and slowness in force, by link. */
  readonly #shapes: Record<LinkName, Set<Shape>> = { irc: new Set(), kosmi: new Set() };
  #kosmiUp = true;

  constructor(world: FaultWorld) {
    this.#world = world;
  }

  get kosmiUp(): boolean {
    return this.#kosmiUp;
  }

  /** Resolves when the fault is over. */
  async play(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case "relay killed":
      case "relay stopped":
        return await this.#inTurn("relay", () => this.#relayDown(fault));
      case "IRC server killed":
      case "IRC server stopped":
        return await this.#inTurn("irc", () => this.#ircDown(fault));
      case "Kosmi restarted":
        return await this.#inTurn("kosmi", () => this.#kosmiDown(fault));
      case "Kosmi browned out":
        return await this.#inTurn("kosmi", () => this.#brownOut(fault));
      case "link cut":
        return this.#instant(fault, () => this.#proxy(fault.link).cut(fault.how));
      case "link half closed":
        return this.#instant(fault, () => this.#proxy(fault.link).halfClose(fault.direction));
      case "link silent":
        return await this.#shaped(fault, (proxy) => proxy.stall(fault.direction));
      case "link slow":
        return await this.#shaped(fault, (proxy) => {
          if (fault.delayMs !== null) proxy.delay(fault.delayMs);
          if (fault.bytesPerSecond !== null) proxy.throttle(fault.bytesPerSecond);
        });
      case "disk full":
        return await this.#inTurn("relay", () => this.#fillDisk(fault));
      case "clock jumped":
        this.#record(fault).endMs = performance.now();
        return await this.#world.clock?.jump(fault.byMs);
    }
  }

  /** The relay goes away only with a disk that can be written: what is in memory alone does not survive. */
  async #relayDown(fault: Extract<Fault, { kind: "relay killed" | "relay stopped" }>) {
    const { relay } = this.#world;
    const record = this.#record(fault);
    await relay.stop(fault.kind === "relay killed" ? "SIGKILL" : "SIGTERM", 15_000);
    record.downMs = performance.now();
    await delay(fault.downMs);
    relay.start();
    record.endMs = performance.now();
  }

  /** The relay's way to the server opens again when the people are back: what nobody sees can't be counted. */
  async #ircDown(
    fault: Extract<Fault, { kind: "IRC server killed" | "IRC server stopped" }>,
  ): Promise<void> {
    const { irc, people, proxies } = this.#world;
    const record = this.#record(fault);
    await proxies.irc.refuse();
    await irc.down(fault.kind === "IRC server killed" ? "killed" : "stopped");
    record.downMs = performance.now();
    await people.leave();
    await delay(fault.downMs);
    await irc.up();
    await people.arrive();
    await proxies.irc.accept();
    record.endMs = performance.now();
  }

  async #kosmiDown(fault: Extract<Fault, { kind: "Kosmi restarted" }>): Promise<void> {
    const { kosmi } = this.#world;
    const record = this.#record(fault);
    this.#kosmiUp = false;
    await kosmi.stop();
    await delay(fault.downMs);
    await kosmi.start();
    this.#kosmiUp = true;
    record.endMs = performance.now();
  }

  async #brownOut(fault: Extract<Fault, { kind: "Kosmi browned out" }>): Promise<void> {
    const { kosmi } = this.#world;
    const record = this.#record(fault);
    kosmi.setVariant({ failing: { sendMessage: "INTERNAL_ERROR" } });
    await delay(fault.forMs);
    kosmi.setVariant({ failing: {} });
    record.endMs = performance.now();
  }

  async #fillDisk(fault: Extract<Fault, { kind: "disk full" }>): Promise<void> {
    const { disk, relay } = this.#world;
    if (disk === null) return;
    const record = this.#record(fault);
    const since = relay.mark();
    await disk.fill();
    await delay(fault.forMs);
    await disk.free();
    // Until it has written down what it held in memory the relay counts as having a full disk.
    if (/the relay keeps messages in memory/.test(relay.output.slice(since))) {
      await relay.waitForLog(/is writable again/, { since, timeoutMs: 70_000 });
    }
    record.endMs = performance.now();
  }

  #instant(fault: Fault, act: () => void): void {
    act();
    this.#record(fault).endMs = performance.now();
  }

  async #shaped(
    fault: Extract<Fault, { kind: "link silent" | "link slow" }>,
    shape: Shape,
  ): Promise<void> {
    const record = this.#record(fault);
    const proxy = this.#proxy(fault.link);
    const shapes = this.#shapes[fault.link];
    shapes.add(shape);
    shape(proxy);
    await delay(fault.forMs);
    shapes.delete(shape);
    if (fault.kind === "link silent" && fault.thenCut) proxy.cut("rst");
    proxy.resume();
    for (const other of shapes) other(proxy);
    record.endMs = performance.now();
  }

  #proxy(link: LinkName): FaultProxy {
    return this.#world.proxies[link];
  }

  #record(fault: Fault): FaultRecord {
    const startMs = performance.now();
    const record: FaultRecord = { fault, startMs, downMs: startMs, endMs: Infinity };
    this.records.push(record);
    return record;
  }

  /** One at a time for each thing that can be down. */
  #inTurn(what: string, act: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(what) ?? Promise.resolve()).then(act);
    this.#turns.set(what, turn.catch(() => {}));
    return turn;
  }
}
