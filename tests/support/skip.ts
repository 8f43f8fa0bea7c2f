/** Registers a test, like `Deno.test(name, fn)`. */
export type TestRegistrar = (
  name: string,
  fn: (context: Deno.TestContext) => void | Promise<void>,
  options?: Omit<Deno.TestDefinition, "name" | "fn" | "ignore">,
) => void;

/** Where servers and browsers are beside PATH: a user's PATH has no sbin. */
const MORE_PLACES = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin"];

/** Programs that go by another name than the one tests ask for. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  atheme: ["atheme-services"],
  chromium: ["chromium", "chromium-browser", "google-chrome"],
};

/**
 * For tests that need programs of the operating system: `needs("ngircd", "inspircd")("a test's name", fn)`. When one
 * is missing the test is ignored and the line `skipped: <test name> (needs <program>)` is printed; with CI=true it
 * fails instead.
 */
export function needs(...programs: readonly string[]): TestRegistrar {
  const missing = programs.filter((program) => findProgram(program) === null);
  return (name, fn, options = {}) => {
    const verdict = judge(name, missing, Deno.env.get("CI") === "true");
    if (verdict.kind === "run") Deno.test({ ...options, name, fn });
    else if (verdict.kind === "fail") Deno.test({ ...options, name, fn: () => fail(verdict.why) });
    else {
      Deno.stdout.writeSync(new TextEncoder().encode(`${verdict.line}\n`));
      Deno.test({ ...options, name, fn, ignore: true });
    }
  };
}

/** What happens to a test some of whose programs are missing. */
export type SkipVerdict =
  | { readonly kind: "run" }
  | { readonly kind: "fail"; readonly why: string }
  | { readonly kind: "skip"; readonly line: string };

export function judge(name: string, missing: readonly string[], ci: boolean): SkipVerdict {
  if (missing.length === 0) return { kind: "run" };
  const list = missing.join(", ");
  if (!ci) return { kind: "skip", line: `skipped: ${name} (needs ${list})` };
  return { kind: "fail", why: `Cannot run this test: ${list} not installed (see .ci/run)` };
}

/** Absolute path of a program, null when it is not installed. */
export function findProgram(program: string): string | null {
  const places = [...(Deno.env.get("PATH") ?? "").split(":"), ...MORE_PLACES];
  for (const name of ALIASES[program] ?? [program]) {
    for (const place of places) {
      if (place !== "" && isProgram(`${place}/${name}`)) return `${place}/${name}`;
    }
  }
  return null;
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

function fail(why: string): never {
  throw new Error(why);
}
