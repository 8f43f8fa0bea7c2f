import type { Clock } from "../../base/clock.ts";
import { TokenBucket, type TokenBucketOptions } from "../../base/token_bucket.ts";
import type { MessageEvent } from "../port/event.ts";
import { type AccountId, type EndpointId, endpointId } from "../port/ids.ts";
import { textOf } from "../port/rich_text.ts";

/** Where and by whom a command was given. */
export interface ChatCommandCall {
  readonly account: AccountId;
  readonly event: MessageEvent;
}

/**
 * Something that people can ask of the relay in a channel: the point where further commands and integrations are added,
 * without a change of the core. `run` must return at once; what takes time is begun there and answers by other means.
 */
export interface ChatCommand {
  /** Without the prefix, in lower case. */
  readonly name: string;
  /** What it does, in a few words for a list. */
  readonly about: string;
  /** The answer, of one or several lines, for the channel where it was asked; null for none. */
  run(call: ChatCommandCall): string | null;
}

interface ChatCommandsOptions {
  /** What commands begin with; "" switches them off. */
  readonly prefix: string;
  readonly commands: readonly ChatCommand[];
  /** Who may give which command. */
  readonly mayUse: (call: ChatCommandCall, command: ChatCommand) => boolean;
  readonly clock: Clock;
}

/** A channel can't be flooded with answers. */
const RATE: TokenBucketOptions = { capacity: 3, refillMs: 10_000 };

/** Recognises commands. A command is a whole message: prefix and name, nothing else but spaces around. */
export class ChatCommands {
  readonly #options: ChatCommandsOptions;
  readonly #commands: ReadonlyMap<string, ChatCommand>;
  readonly #buckets = new Map<EndpointId, TokenBucket>();

  constructor(options: ChatCommandsOptions) {
    this.#options = options;
    this.#commands = new Map(options.commands.map((command) => [command.name, command]));
  }

  /** The command that a message is; null for what must be relayed like any other message. */
  find(call: ChatCommandCall): ChatCommand | null {
    const { prefix } = this.#options;
    const text = textOf(call.event.text).trim();
    if (prefix === "" || call.event.action || !text.startsWith(prefix)) return null;
    const command = this.#commands.get(text.slice(prefix.length).toLowerCase());
    return command !== undefined && this.#options.mayUse(call, command) ? command : null;
  }

  /** Runs it, unless the channel has asked too much lately. Nothing is run late: who asked has gone. */
  answer(command: ChatCommand, call: ChatCommandCall): string | null {
    if (call.event.late) return null;
    const endpoint = endpointId(call.account, call.event.channel);
    const nowMs = this.#options.clock.monotonic();
    const bucket = this.#buckets.get(endpoint) ?? new TokenBucket(RATE, nowMs);
    this.#buckets.set(endpoint, bucket);
    if (!bucket.tryTake(nowMs)) return null;
    return command.run(call);
  }
}
