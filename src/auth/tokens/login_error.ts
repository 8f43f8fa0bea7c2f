import { AdvisedError } from "../../base/errors.ts";

/** How a browser login failed. Each has its own message that says what to do. */
export type LoginFailure =
  | "noBrowser"
  | "browserBlocked"
  | "browserFailed"
  | "pageUnreachable"
  | "pageChanged"
  | "foreignPage"
  | "wrongCredentials"
  | "captcha"
  | "secondFactor"
  | "noTokenInTime"
  | "browserCrashed";

/** Trying again soon can't help with these: something has to be installed, corrected or done by hand. */
const FOR_A_PERSON: ReadonlySet<LoginFailure> = new Set([
  "noBrowser",
  "browserBlocked",
  "pageChanged",
  "foreignPage",
  "wrongCredentials",
  "captcha",
  "secondFactor",
]);

/** A login that gave no token. The message never holds a password or a token. */
export class LoginError extends AdvisedError {
  override readonly name = "LoginError";
  constructor(readonly failure: LoginFailure, seen: string, remedy: string | null = null) {
    super(seen, remedy);
  }

  get needsPerson(): boolean {
    return FOR_A_PERSON.has(this.failure);
  }
}
