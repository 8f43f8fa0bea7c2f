import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { ApiBridge, type ApiBridgeOptions } from "../../bridges/api/bridge.ts";
import { MatterbridgeBridge, type MatterbridgeOptions } from "../../bridges/matterbridge/bridge.ts";
import { apiAddress, bufferSize } from "../../config/options/api.ts";
import type {
  ApiAccountConfig,
  GeneralConfig,
  MatterbridgeAccountConfig,
} from "../../config/options/config.ts";
import type { AccountId } from "../../relay/port/ids.ts";

export interface ApiWiring {
  readonly general: GeneralConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** What keeps the relay from relaying now, one sentence each. */
  readonly problems: () => readonly string[];
}

/** An API account of the configuration as a bridge. */
export function wireApi(account: ApiAccountConfig, wiring: ApiWiring): ApiBridge {
  return new ApiBridge(apiOptionsOf(account, wiring));
}

/** What the configuration says of an API account, in the bridge's terms. */
export function apiOptionsOf(
  { id, options }: ApiAccountConfig,
  { general, clock, log, problems }: ApiWiring,
): ApiBridgeOptions {
  return {
    account: id as AccountId,
    ...apiAddress(options.bindAddress),
    token: options.token,
    allowOrigins: options.allowOrigins,
    buffer: bufferSize(options.buffer),
    maxAgeMs: general.outboxMaxAgeMs,
    problems,
    clock,
    log,
  };
}

/** A Matterbridge account of the configuration as a bridge. */
export function wireMatterbridge(
  account: MatterbridgeAccountConfig,
  wiring: Pick<ApiWiring, "clock" | "log">,
): MatterbridgeBridge {
  return new MatterbridgeBridge(matterbridgeOptionsOf(account, wiring));
}

/** What the configuration says of a Matterbridge account, in the bridge's terms. */
export function matterbridgeOptionsOf(
  { id, options }: MatterbridgeAccountConfig,
  { clock, log }: Pick<ApiWiring, "clock" | "log">,
): MatterbridgeOptions {
  const url = options.url.replace(/\/+$/, "");
  return {
    account: id as AccountId,
    ...{ url, token: options.token, gateway: options.gateway, clock, log },
  };
}
