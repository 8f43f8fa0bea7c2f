import { StatusBrowser } from "../../tests/e2e/support/status_browser.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { message } from "../../tests/unit/relay/builders.ts";
import { FILMS, IRC, KOSMI, MAIN, StatusSite } from "../../tests/unit/status/status_world.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The true status page, over an hour that never was. */
export async function drawStatusPage(folder: string): Promise<void> {
  const clock = new FakeClock(new Date(2026, 2, 14, 20, 0, 5).getTime());
  await using site = await StatusSite.open({ clock });
  await liveAnHour(site, clock);
  await using browser = await StatusBrowser.open();
  for (const look of ["light", "dark", "phone"] as const) {
    await browser.wear(look);
    await browser.page.goto(site.url("/"));
    await browser.waitForText("#live", "live");
    await browser.page.screenshot({ path: `${folder}/status-${look}.png`, fullPage: look !== "phone" });
  }
}

/** A film evening: talk in waves, Kosmi away for three minutes, and what waited goes out late. */
async function liveAnHour({ world }: StatusSite, clock: FakeClock): Promise<void> {
  world.token = { origin: "cache", expiresAtMs: clock.now() + 287.4 * DAY_MS, fault: null };
  world.ready();
  world.meter.latency(IRC, 38);
  for (let minute = 0; minute < 57; minute++) {
    const away = minute >= 31 && minute < 34;
    if (minute === 31) {
      const reason = "Cannot connect: connect ECONNREFUSED 203.0.113.7:443";
      world.link(KOSMI, { kind: "waiting", untilMs: clock.now(), reason, attempt: 1 });
    }
    if (minute === 34) {
      world.link(KOSMI, { kind: "ready", sinceMs: clock.now(), self: "Relay Bot" });
      world.channel(MAIN, { kind: "up", sinceMs: clock.now() });
    }
    talk(world, clock, minute, away);
    await clock.advance(MINUTE_MS);
  }
  world.meter.latency(KOSMI, 64);
}

function talk(world: StatusSite["world"], clock: FakeClock, minute: number, away: boolean): void {
  const lively = 9 + 7 * Math.sin(minute / 5) + 5 * Math.sin(minute * 1.7);
  for (let n = 0; n < lively; n++) {
    const [from, to] = n % 3 === 0 ? [MAIN, FILMS] as const : [FILMS, MAIN] as const;
    if (away && to === FILMS) continue;
    const delivery = world.delivery(to);
    world.meter.accepted(from, [delivery], message("a text"));
    // What waited for Kosmi would take minutes: the drawing would show nothing else.
    const tookMs = away ? 900 : 45 + 30 * Math.sin(minute / 4) + 12 * (n % 4) + (n === 5 ? 120 : 0);
    world.meter.confirmed(delivery, clock.now() + tookMs);
  }
}
