/** What a server can find wrong with a document. */
export type ValidationFault =
  | { readonly kind: "field"; readonly field: string; readonly parent: string }
  | { readonly kind: "leaf"; readonly field: string }
  | { readonly kind: "branch"; readonly field: string }
  | { readonly kind: "argument"; readonly argument: string; readonly field: string }
  | { readonly kind: "argument-missing"; readonly argument: string }
  | { readonly kind: "type"; readonly type: string }
  | { readonly kind: "variable-type"; readonly variable: string; readonly expected: string }
  | { readonly kind: "variable-unused"; readonly variable: string };

const Q = `["'\`“”‘’]`;
const NAME = `${Q}\\$?([\\w.]+)${Q}`;
const TYPE = `${Q}([\\w!\\[\\]]+)${Q}`;

type Reader = readonly [RegExp, (one: string, two: string) => ValidationFault];

/** The wordings of graphql-js (old and new) and Absinthe. */
const READERS: readonly Reader[] = [
  [
    new RegExp(`Cannot query field ${NAME} on type ${TYPE}`, "i"),
    (field, parent) => ({ kind: "field", field, parent }),
  ],
  [
    new RegExp(`Field ${NAME} must not have a selection`, "i"),
    (field) => ({ kind: "leaf", field }),
  ],
  [
    new RegExp(`Field ${NAME} (?:of type ${TYPE} )?must have a (?:sub)?selection`, "i"),
    (field) => ({ kind: "branch", field }),
  ],
  [
    new RegExp(`Unknown argument ${NAME} on field ${NAME}`, "i"),
    (argument, field) => ({
      kind: "argument",
      argument,
      field: field.slice(field.lastIndexOf(".") + 1),
    }),
  ],
  [
    new RegExp(`Unknown argument ${NAME}`, "i"),
    (argument) => ({ kind: "argument", argument, field: "" }),
  ],
  [
    new RegExp(`Argument ${Q}[\\w.]+\\((\\w+):\\)${Q} of type ${TYPE} is required`, "i"),
    (argument) => ({ kind: "argument-missing", argument }),
  ],
  [
    new RegExp(`argument ${NAME} of type ${TYPE} is required`, "i"),
    (argument) => ({ kind: "argument-missing", argument }),
  ],
  [
    new RegExp(`In argument ${NAME}: Expected type ${TYPE}, found null`, "i"),
    (argument) => ({ kind: "argument-missing", argument }),
  ],
  [
    new RegExp(`Unknown type ${TYPE}`, "i"),
    (type) => ({ kind: "type", type: type.replace(/[!\[\]]/g, "") }),
  ],
  [
    new RegExp(`Variable ${NAME}.*(?:expecting type|argument of type|expected type) ${TYPE}`, "i"),
    (variable, expected) => ({ kind: "variable-type", variable, expected }),
  ],
  [
    new RegExp(`Variable ${NAME} is (?:never|not) used`, "i"),
    (variable) => ({ kind: "variable-unused", variable }),
  ],
];

/** Reads one message of a server that did not accept a document; null when it says something else. */
export function readValidationError(message: string): ValidationFault | null {
  for (const [pattern, make] of READERS) {
    const match = pattern.exec(message.slice(0, 2_000));
    if (match !== null) return make(match[1] ?? "", match[2] ?? "");
  }
  return null;
}
