import type { RelayObserver } from "../relay/observer.ts";

/** One observer that tells several. */
export function observers(all: readonly RelayObserver[]): RelayObserver {
  return {
    accepted: (...told) => all.forEach((one) => one.accepted(...told)),
    duplicate: (...told) => all.forEach((one) => one.duplicate(...told)),
    shown: (...told) => all.forEach((one) => one.shown(...told)),
    confirmed: (...told) => all.forEach((one) => one.confirmed(...told)),
    dropped: (...told) => all.forEach((one) => one.dropped(...told)),
    linkState: (...told) => all.forEach((one) => one.linkState(...told)),
    channelState: (...told) => all.forEach((one) => one.channelState(...told)),
    latency: (...told) => all.forEach((one) => one.latency(...told)),
    about: (delivery, say) =>
      all.reduceRight((inner, one) => () => one.about(delivery, inner), say)(),
  };
}
