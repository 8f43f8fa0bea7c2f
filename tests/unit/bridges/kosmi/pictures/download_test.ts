import assert from "node:assert/strict";
import {
  downloadPicture,
  PUBLIC_INTERNET,
} from "../../../../../src/bridges/kosmi/pictures/download.ts";
import type { PictureNetwork } from "../../../../../src/bridges/kosmi/link/options.ts";
import { makeCertificate } from "../../../../support/irc_servers/certificate.ts";
import { PictureHost, PNG } from "../../../../support/picture_host.ts";
import { tempDir } from "../../../../support/temp_dir.ts";

/** Names for this machine: what a test says is "public" may be visited. */
function network(names: Readonly<Record<string, readonly string[]>> = {}): PictureNetwork {
  return {
    resolve: (host) => Promise.resolve(names[host] ?? []),
    mayVisit: (address) => address === "127.0.0.1",
  };
}

const never = new AbortController().signal;

function fetchFrom(
  url: string,
  names: Readonly<Record<string, readonly string[]>> = {},
  signal = never,
) {
  return downloadPicture(
    new URL(url),
    { network: network(names), maxBytes: 1_000_000 },
    signal,
  );
}

async function closed(host: PictureHost): Promise<void> {
  await host.changes.until(() => host.open === 0, "all connections to be closed");
}

Deno.test("downloadPicture() fetches a picture and tells its type by its bytes", async () => {
  await using host = await PictureHost.start();
  const picture = await fetchFrom(host.url("/cat.png?key=1"));
  assert.deepEqual(picture, { bytes: PNG, type: "image/png" });
  assert.deepEqual(host.asked, [`127.0.0.1:${host.port} /cat.png?key=1`]);
  await closed(host);
});

Deno.test("downloadPicture() asks the host by its name at the address that was checked", async () => {
  await using host = await PictureHost.start();
  const names = { "cats.test": ["10.0.0.1", "127.0.0.1"] };
  await fetchFrom(host.url("/cat.png", "cats.test"), names);
  assert.deepEqual(host.asked, [`cats.test:${host.port} /cat.png`]);
});

Deno.test("downloadPicture() visits the address it was told first, however the name answers later", async () => {
  await using host = await PictureHost.start();
  let asked = 0;
  const rebinding: PictureNetwork = {
    resolve: () => Promise.resolve(asked++ === 0 ? ["127.0.0.1"] : ["127.0.0.2"]),
    mayVisit: (address) => address === "127.0.0.1",
  };
  const options = { network: rebinding, maxBytes: 1_000 };
  await downloadPicture(new URL(host.url("/cat.png", "cats.test")), options, never);
  assert.equal(asked, 1);
});

Deno.test("downloadPicture() goes after three redirects, not four", async () => {
  await using host = await PictureHost.start();
  host.redirect("/3", "/2", 301);
  host.redirect("/2", host.url("/1"), 307);
  host.redirect("/1", "//127.0.0.1:" + host.port + "/cat.png", 303);
  host.redirect("/4", "/3");
  assert.equal((await fetchFrom(host.url("/3"))).type, "image/png");
  await assert.rejects(fetchFrom(host.url("/4")), /leads elsewhere more than 3 times/);
  await closed(host);
});

const FORBIDDEN_TARGETS = [
  "http://127.0.0.2/cat.png",
  "http://[::1]/cat.png",
  "http://[::ffff:127.0.0.1]/cat.png",
  "http://169.254.169.254/latest/meta-data/",
  "http://2130706434/cat.png",
  "http://0177.0.0.2/cat.png",
  "http://inside.test/cat.png",
  "http://nowhere.test/cat.png",
  "https://192.168.0.1/cat.png",
];

for (const target of FORBIDDEN_TARGETS) {
  Deno.test(`downloadPicture() does not go to ${target}, nor after a redirect to it`, async () => {
    await using host = await PictureHost.start();
    host.redirect("/trap.png", target);
    const names = { "inside.test": ["10.1.2.3", "::1"] };
    await assert.rejects(fetchFrom(target, names), /not lie on the public web/);
    await assert.rejects(fetchFrom(host.url("/trap.png"), names), /not lie on the public web/);
  });
}

for (
  const target of ["file:///etc/hostname", "ftp://127.0.0.1/cat.png", "data:image/png;base64,"]
) {
  Deno.test(`downloadPicture() is not led to ${target}`, async () => {
    await using host = await PictureHost.start();
    host.redirect("/trap.png", target);
    await assert.rejects(fetchFrom(host.url("/trap.png")), /not to the web/);
  });
}

Deno.test("the public internet has no loopback, private or metadata addresses, nor other services' ports", async () => {
  const may = (address: string, port = 443) => PUBLIC_INTERNET.mayVisit(address, port);
  assert(may("1.1.1.1") && may("1.1.1.1", 80) && may("1.1.1.1", 8080));
  assert(!may("127.0.0.1") && !may("10.0.0.1") && !may("169.254.169.254") && !may("::1"));
  assert(!may("1.1.1.1", 25) && !may("1.1.1.1", 22) && !may("1.1.1.1", 6667));
  await using host = await PictureHost.start();
  const options = { network: PUBLIC_INTERNET, maxBytes: 1_000 };
  for (const name of ["127.0.0.1", "localhost", "[::ffff:7f00:1]", "0", "127.1", "0x7f000001"]) {
    const url = new URL(host.url("/cat.png", name));
    await assert.rejects(downloadPicture(url, options, never), /not lie on the public web/);
  }
  assert.deepEqual(host.asked, []);
});

Deno.test("downloadPicture() stops at the size limit, announced or not", async () => {
  await using host = await PictureHost.start();
  const large = new Uint8Array(1_000_001);
  large.set(PNG);
  host.picture("/announced.png", large, { "content-length": String(large.length) });
  let sent = 0;
  host.pages.set("/endless.png", (_request, response) => {
    const more = () => {
      while (!response.destroyed && sent < 500_000_000) {
        sent += 65_536;
        const chunk = new Uint8Array(65_536);
        chunk.set(PNG);
        if (!response.write(chunk)) return void response.once("drain", more);
      }
    };
    more();
  });
  await assert.rejects(fetchFrom(host.url("/announced.png")), /larger than 1 MiB/);
  await assert.rejects(fetchFrom(host.url("/endless.png")), /larger than 1 MiB/);
  await closed(host);
  assert(sent < 50_000_000);
});

Deno.test("downloadPicture() takes no other files, whatever they are called", async () => {
  await using host = await PictureHost.start();
  const html = new TextEncoder().encode("<html><script>alert(1)</script></html>");
  host.picture("/page.png", html, { "content-type": "image/png" });
  host.picture("/empty.png", new Uint8Array());
  for (const path of ["/page.png", "/empty.png"]) {
    await assert.rejects(fetchFrom(host.url(path)), /no PNG, JPEG, GIF or WebP/);
  }
  await assert.rejects(fetchFrom(host.url("/missing.png")), /HTTP 404/);
  await closed(host);
});

const ODD_ANSWERS = [
  "HTTP/2 200\r\n\r\n",
  "hello\r\n\r\n",
  `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}\r\n\r\n`,
  `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(500)}\r\n`,
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
  "HTTP/1.1 200 OK\r\nX",
];

for (const answer of ODD_ANSWERS) {
  Deno.test(`downloadPicture() ends at ${JSON.stringify(answer.slice(0, 60))}`, async () => {
    await using host = await PictureHost.start();
    host.pages.set("/odd.png", (_request, response) => response.socket?.end(answer));
    await assert.rejects(fetchFrom(host.url("/odd.png")), /its answer is odd|it broke off/);
    await closed(host);
  });
}

Deno.test("downloadPicture() reads a picture in chunks, and one without a length", async () => {
  await using host = await PictureHost.start();
  host.pages.set("/chunks.png", (_request, response) => {
    response.writeHead(200);
    for (const byte of PNG) response.write(Uint8Array.of(byte));
    response.end();
  });
  host.pages.set("/end.png", (_request, response) => {
    response.socket?.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 200 OK\n\n");
    response.socket?.end(PNG);
  });
  for (const path of ["/chunks.png", "/end.png"]) {
    assert.deepEqual((await fetchFrom(host.url(path))).bytes, PNG);
  }
});

Deno.test("downloadPicture() does not take half a picture", async () => {
  await using host = await PictureHost.start();
  host.pages.set("/half.png", (_request, response) => {
    response.writeHead(200, { "content-length": "5000" });
    response.write(PNG, () => response.destroy());
  });
  await assert.rejects(fetchFrom(host.url("/half.png")));
  await closed(host);
});

for (const [when, page] of [["says nothing", false], ["stops in the middle", true]] as const) {
  Deno.test(`downloadPicture() ends at once when aborted while the host ${when}`, async () => {
    await using host = await PictureHost.start();
    host.pages.set("/slow.png", (_request, response) => {
      if (page) response.writeHead(200).write(PNG);
    });
    const stop = new AbortController();
    const fetching = fetchFrom(host.url("/slow.png"), {}, stop.signal);
    await host.changes.until(() => host.asked.length > 0, "the request");
    stop.abort(new Error("enough"));
    await assert.rejects(fetching, /enough/);
    await closed(host);
  });
}

Deno.test("downloadPicture() takes nothing from a host whose certificate nobody vouches for", async () => {
  const folder = await tempDir("picture-tls-");
  const { certPath, keyPath } = await makeCertificate(folder.path, { altNames: "DNS:cats.test" });
  const asked: string[] = [];
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    cert: await Deno.readTextFile(certPath),
    key: await Deno.readTextFile(keyPath),
  }, (request) => {
    asked.push(request.url);
    return new Response(PNG);
  });
  const url = `https://cats.test:${server.addr.port}/cat.png`;
  await assert.rejects(fetchFrom(url, { "cats.test": ["127.0.0.1"] }));
  assert.deepEqual(asked, []);
  await folder.remove();
});

Deno.test("downloadPicture() tells of a host that refuses connections", async () => {
  const host = await PictureHost.start();
  const url = host.url("/cat.png");
  await host[Symbol.asyncDispose]();
  await assert.rejects(fetchFrom(url));
});
