/** What reading a value came to. A fault's text says what was found and what is expected. */
export type Reading<T> =
  | { readonly value: T; readonly warning?: string }
  | { readonly fault: string };

/** How the value of a key is read, and the words for it. */
export interface ValueType<T> {
  /** For the documentation: "text", "true or false" … */
  readonly name: string;
  /** True when no message may show the value. */
  readonly secret: boolean;
  /** Reads what the TOML parser found. */
  read(raw: unknown): Reading<T>;
  /** Turns an environment variable's text into what TOML would have given; what it can't turn it leaves as text. */
  fromText(text: string): unknown;
}

/** Whether the relay does what the key says; if not, why, and what to use instead. */
type Status = "supported" | { readonly unsupported: string };

/** One row of the option table. The row's name in its table is the property's name in the typed configuration. */
export interface Option<T> {
  /** As Matterbridge spells it, or as we do where Matterbridge has none. */
  readonly key: string;
  readonly type: ValueType<T>;
  readonly fallback: T;
  /** The default for the documentation, where the fallback alone does not tell. */
  readonly fallbackText?: string;
  /** One sentence. */
  readonly doc: string;
  readonly status: Status;
  /** Must be set to something. */
  readonly required?: true;
}

/** A key of Matterbridge's that has no place here: known, so that it can be answered for. */
export interface ForeignKey {
  readonly key: string;
  /** What to use instead, or why it is not needed. */
  readonly instead: string;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The typed values of a table. */
export type Values<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

/** A row whose effect is there, unless `status` says otherwise. */
export function option<T>(
  row: Omit<Option<T>, "status" | "fallback"> & { fallback: NoInfer<T>; status?: Status },
): Option<T> {
  Object.freeze(row.fallback);
  return Object.freeze({ status: "supported", ...row });
}
