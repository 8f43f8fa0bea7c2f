export type LinkName = "irc" | "kosmi";

/** One thing that goes wrong. Times in milliseconds. */
export type Fault =
  /** SIGKILL, and SIGTERM; started again after `downMs`. */
  | { readonly kind: "relay killed" | "relay stopped"; readonly downMs: number }
  | { readonly kind: "IRC server killed" | "IRC server stopped"; readonly downMs: number }
  /** Every socket ends at once; what was said is kept. */
  | { readonly kind: "Kosmi restarted"; readonly downMs: number }
  /** Links stay up, and all that is sent is answered with an error. */
  | { readonly kind: "Kosmi browned out"; readonly forMs: number }
  | { readonly kind: "link cut"; readonly link: LinkName; readonly how: "rst" | "fin" }
  | {
    readonly kind: "link half closed";
    readonly link: LinkName;
    readonly direction: "toServer" | "toClient";
  }
  /** Nothing passes, no packet says so; then what was held passes, or the connections end. */
  | {
    readonly kind: "link silent";
    readonly link: LinkName;
    readonly direction: "both" | "toServer" | "toClient";
    readonly forMs: number;
    readonly thenCut: boolean;
  }
  | {
    readonly kind: "link slow";
    readonly link: LinkName;
    readonly delayMs: number | null;
    readonly bytesPerSecond: number | null;
    readonly forMs: number;
  }
  | { readonly kind: "disk full"; readonly forMs: number }
  /** The relay's clock; it stays so. */
  | { readonly kind: "clock jumped"; readonly byMs: number };

export type FaultKind = Fault["kind"];

/** All kinds, for tables. */
export const FAULT_KINDS: readonly FaultKind[] = [
  "relay killed",
  "relay stopped",
  "IRC server killed",
  "IRC server stopped",
  "Kosmi restarted",
  "Kosmi browned out",
  "link cut",
  "link half closed",
  "link silent",
  "link slow",
  "disk full",
  "clock jumped",
];

/** How long it lasts, as far as the schedule says. */
export function lastsMs(fault: Fault): number {
  if ("downMs" in fault) return fault.downMs;
  return "forMs" in fault ? fault.forMs : 0;
}

export function describeFault(fault: Fault): string {
  const { kind, ...facts } = fault;
  const told = Object.entries(facts).filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`);
  return `${kind}${told.length === 0 ? "" : ` (${told.join(", ")})`}`;
}
