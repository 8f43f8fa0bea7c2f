import { StatusBrowser } from "../../tests/e2e/support/status_browser.ts";
import { startIrcServer } from "../../tests/sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../../tests/sandbox/kosmi/mod.ts";
import { startRelay } from "../../tests/support/relay_process.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { Recording } from "./terminal.ts";
import { terminalSvg } from "./terminal_svg.ts";

const ROOM = "@movienight";
const CHANNEL = "#movienight";
const PAGE = { width: 1100, height: 690 };
const SCREEN = { columns: 68, rows: 17 };
const IRSSI = `
settings = {
  core = { real_name = "Alice"; user_name = "alice"; nick = "alice"; };
  "fe-common/core" = { autolog = "no"; beep_when_window_active = "no"; };
};
`;

/** One conversation, seen from both sides: the room's page in Chromium, and the channel in irssi. */
export async function drawDemo(folder: string): Promise<void> {
  await using kosmi = await startKosmi({ rooms: [{ id: ROOM, name: "Movie Night" }] });
  await using irc = await startIrcServer({ motd: ["Welcome."], network: "Example" });
  irc.addUser("bob", { channels: [CHANNEL] });
  await using relay = await startRelay({
    config: `[irc.example]
Server="127.0.0.1:${irc.port}"
Nick="relay"
RemoteNickFormat="<{NICK}> "
[kosmi.movienight]
RoomURL="${kosmi.roomUrl(ROOM)}"
RemoteNickFormat="<{NICK}> "
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
[[gateway]]
name="movienight"
enable=true
inout=[{account="irc.example",channel="${CHANNEL}"},{account="kosmi.movienight",channel="main"}]
`,
  });
  await relay.waitForLog(/msg="in main"/);
  await relay.waitForLog(/msg="in #movienight"/);

  await using home = await tempDir("irssi-");
  await Deno.writeTextFile(home.file("config"), IRSSI);
  await using irssi = await Recording.start({ ...SCREEN, cwd: home.path });
  await irssi.type(`irssi --home=${home.path} --config=${home.file("config")}`);
  await irssi.see(/\[\(status\)\]/);
  await irssi.type(`/connect 127.0.0.1 ${irc.port}`);
  await irssi.see(/Welcome/);
  await irssi.type(`/join ${CHANNEL}`);
  await irssi.see(/Irssi: Join to #movienight was synced/);
  await irssi.type("/clear");

  await using browser = await StatusBrowser.open();
  const { page } = browser;
  await page.setViewport({ ...PAGE, deviceScaleFactor: 1.5 });
  await page.goto(`${kosmi.roomUrl(ROOM)}?name=Zo%C3%AB`);
  await browser.waitForText("#state", "live");
  const inRoom = async (...lines: string[]) => {
    await page.focus("#text");
    for (const [n, line] of lines.entries()) {
      if (n > 0) {
        await page.keyboard.down("Shift");
        await page.keyboard.press("Enter");
        await page.keyboard.up("Shift");
      }
      await page.keyboard.sendCharacter(line);
    }
    await page.keyboard.press("Enter");
    for (const line of lines) await irc.waitForMessage(CHANNEL, `<Zoë> ${line}`);
    await irssi.see(new RegExp(`<Zoë> ${lines.at(-1)?.slice(0, 15)}`));
  };
  const inChannel = async (line: string, shown = line) => {
    await irssi.type(line);
    await browser.waitForText("#log", shown);
  };
  await inRoom("is anybody on IRC? the film starts in five minutes 🍿");
  await inChannel("here! what are we watching?");
  await inRoom("Metropolis, the restored one", "with the original score");
  irc.say("bob", CHANNEL, "\x02wonderful\x02, I have \x0304red\x03 velvet seats");
  await browser.waitForText("#log", "velvet seats");
  await inChannel("/me gets the popcorn", "gets the popcorn");
  kosmi.say(ROOM, { name: "Björk 🚀" }, "https://example.org/metropolis-1927");
  await irssi.see(/metropolis-1927/);
  await inChannel("日本語もだいじょうぶ？");
  await inRoom("of course! 🎬");

  await page.mouse.move(0, 0);
  await page.evaluate(`document.activeElement?.blur()`);
  const room = await page.screenshot({ encoding: "base64" });
  const channel = terminalSvg(await irssi.lines(), {
    columns: SCREEN.columns,
    title: "the channel in irssi",
    description: "",
  });
  await page.setViewport({ width: PAGE.width + 72, height: PAGE.height + 112, deviceScaleFactor: 1.5 });
  await page.setContent(`<!doctype html>
    <style>
      body { margin: 0; background: #eef0f6 }
      .room, svg { position: absolute; border-radius: 10px; overflow: hidden; box-shadow: 0 8px 28px rgb(10 10 40 / .45) }
      .room { left: 48px; top: 20px }
      svg { left: 20px; bottom: 24px; border: 1px solid #3b4048 }
      .bar { height: 34px; background: #16181d; color: #d7dae0; font: 13px "DejaVu Sans", sans-serif;
        display: flex; align-items: center; justify-content: center; position: relative }
      .bar::before { content: ""; position: absolute; left: 14px; width: 12px; height: 12px; border-radius: 6px;
        background: #ff5f57; box-shadow: 20px 0 #febc2e, 40px 0 #28c840 }
      .bar span { opacity: .6 }
      img { display: block; width: ${PAGE.width}px; height: ${PAGE.height}px }
    </style>
    <div class="room"><div class="bar"><span>the room in a browser</span></div>
    <img src="data:image/png;base64,${room}"></div>${channel}`);
  await page.screenshot({ path: `${folder}/demo.png` });
}
