import { property } from "./graphql_error.ts";

/** The user id that a JWT is about (`sub`); null when it can't be read. The signature is not ours to check. */
export function tokenSubject(token: string): string | null {
  const payload = token.split(".")[1];
  if (payload === undefined) return null;
  try {
    const text = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    const subject = property(JSON.parse(text), "sub");
    return typeof subject === "string" && subject !== "" ? subject : null;
  } catch {
    return null;
  }
}
