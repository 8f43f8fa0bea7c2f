import { AnonymousSource } from "../auth/anonymous_source.ts";
import { ConfiguredSource } from "../auth/configured_source.ts";
import { isJwt } from "../auth/jwt.ts";
import { LoginSource } from "../auth/login_source.ts";
import type { TokenSource } from "../auth/token_source.ts";
import type { Clock } from "../base/clock.ts";
import { anonLogin } from "../bridges/kosmi/anon_login.ts";
import type { Config, KosmiAccountConfig } from "../config/types.ts";
import type { Logging } from "../observability/logging.ts";
import type { DataDirectory } from "../store/data_directory.ts";
import { TokenCaches } from "../store/token_cache.ts";
import { endpointsOf, protocolOf } from "./wire_kosmi.ts";

export interface TokenWiring {
  readonly data: DataDirectory;
  readonly logging: Logging;
  readonly clock: Clock;
}

/** The token sources of all accounts that have tokens, over one data directory. */
export interface TokenSources {
  of(account: KosmiAccountConfig): TokenSource;
}
