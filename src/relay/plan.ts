import type { CatchUpLimits } from "./intake/catch_up.ts";
import type { ChatCommands } from "./intake/chat_commands.ts";
import type { RelayAccount } from "./intake/intake.ts";
import type { Routing } from "./intake/routing.ts";
import type { AccountId, EndpointId } from "./port/ids.ts";
import type { Gateway } from "./port/settings.ts";
import type { OutboxLimits } from "./port/store.ts";

/** What a configuration wants of the core; may be changed while it runs (Relay.apply). */
export interface RelayPlan {
  readonly gateways: readonly Gateway[];
  /** An account that keeps its bridge object keeps its link. */
  readonly accounts: readonly RelayAccount[];
  readonly commands: ChatCommands;
  readonly outbox: OutboxLimits;
  readonly catchUp: CatchUpLimits;
}

/** What a new plan changes. */
export interface PlanChange {
  readonly added: readonly AccountId[];
  readonly removed: readonly AccountId[];
  /** Their bridge is another one: the old link ends, then the new one begins. */
  readonly replaced: readonly AccountId[];
  /** They keep their link, and enter or leave channels. */
  readonly replanned: readonly AccountId[];
  /** Destinations that are no more, or are served by another bridge. */
  readonly retired: readonly EndpointId[];
}

/** How things stand: what both plans are compared by. */
export interface Standing {
  readonly accounts: ReadonlyMap<AccountId, RelayAccount>;
  readonly routing: Routing;
}

/** Compares what is with what shall be. Pure. */
export function planChange(now: Standing, next: Standing): PlanChange {
  const ids = [...next.accounts.keys()];
  const kept = ids.filter((id) => now.accounts.has(id));
  const replaced = kept.filter((id) =>
    now.accounts.get(id)?.bridge !== next.accounts.get(id)?.bridge
  );
  const isReplaced = new Set(replaced);
  return {
    added: ids.filter((id) => !now.accounts.has(id)),
    removed: [...now.accounts.keys()].filter((id) => !next.accounts.has(id)),
    replaced,
    replanned: kept.filter((id) => !isReplaced.has(id) && !samePlans(now, next, id)),
    retired: [...now.routing.destinations()].flatMap(([endpoint, { account }]) =>
      next.routing.destinations().has(endpoint) && !isReplaced.has(account) ? [] : [endpoint]
    ),
  };
}

function samePlans(now: Standing, next: Standing, account: AccountId): boolean {
  const written = ({ routing }: Standing) =>
    JSON.stringify(
      routing.plans(account)
        .map(({ channel, written, key, sends }) => [channel, written, key, sends])
        .sort(),
    );
  return written(now) === written(next);
}
