import type { ValueType } from "../values/values.ts";

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

export function option<T>(
  row: Omit<Option<T>, "fallback"> & { fallback: NoInfer<T> },
): Option<T> {
  Object.freeze(row.fallback);
  return Object.freeze(row);
}
