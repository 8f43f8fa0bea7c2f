import assert from "node:assert/strict";
import { IrcClient } from "../../support/irc_client.ts";
import { startAtheme, startInspircd, startNgircd } from "../../support/irc_servers.ts";
import { portAnswers } from "../../support/irc_servers/server_process.ts";
import { needs } from "../../support/skip.ts";

needs("ngircd", "openssl")("startNgircd() serves plain text and TLS, with a password", async () => {
  await using server = await startNgircd({ password: "sesame", penalty: false });
  const { host, port, tlsPort, certificate } = server;
  const caCerts = [await Deno.readTextFile(certificate.caPath)];
  await using ada = await IrcClient.connect({ host, port, nick: "ada", password: "sesame" });
  const tls = { caCerts };
  await using bob = await IrcClient.connect({
    host: "localhost",
    port: tlsPort,
    nick: "bob",
    password: "sesame",
    tls,
  });
  await ada.join("#room", "key");
  await bob.join("#room");
  await ada.say("#room", "hello, wörld");
  await bob.action("#room", "waves");
  assert.equal((await bob.waitForMessage("#room", /hello/)).text, "hello, wörld");
  assert.equal((await ada.waitForMessage("#room", "waves")).action, true);
  assert.deepEqual((await ada.names("#room")).sort(), ["ada", "bob"]);
  await assert.rejects(
    IrcClient.connect({ host, port, nick: "eve", password: "wrong" }),
    /Bad password|lost its connection/,
  );
});

needs("ngircd", "openssl")("startNgircd() comes back on its ports after a crash", async () => {
  await using server = await startNgircd();
  const { host, port } = server;
  await using ada = await IrcClient.connect({ host, port, nick: "ada" });
  await server.stop("SIGKILL");
  await ada.waitForClose();
  assert.equal(await portAnswers(port), false);
  await server.start();
  await using again = await IrcClient.connect({ host, port, nick: "ada" });
  await again.join("#room");
  await server.restart("SIGTERM");
  await again.waitForClose();
});

needs("inspircd", "openssl")("startInspircd() serves TLS and IRCv3 capabilities", async () => {
  await using server = await startInspircd();
  const { tlsPort, port, host, certificate } = server;
  const tls = { caCerts: [await Deno.readTextFile(certificate.caPath)] };
  const caps = ["echo-message", "labeled-response", "batch", "message-tags", "no-such-capability"];
  await using ada = await IrcClient.connect({
    host: "localhost",
    port: tlsPort,
    nick: "ada",
    tls,
    caps,
  });
  assert.deepEqual([...ada.caps].sort(), [
    "batch",
    "echo-message",
    "labeled-response",
    "message-tags",
  ]);
  await using bob = await IrcClient.connect({ host, port, nick: "bob" });
  await ada.join("#room");
  await bob.join("#room");
  await ada.raw("@label=x1 PRIVMSG #room :hi");
  const echo = await ada.waitForMessage("#room", "hi");
  assert.equal(echo.tags["label"], "x1");
  assert.notEqual(echo.tags["msgid"] ?? "", "");
  await bob.waitForMessage("#room", "hi");
});

needs("inspircd", "openssl")("startInspircd() kills floods when fakelag is off", async () => {
  await using server = await startInspircd({ fakelag: false });
  const { host, port } = server;
  await using ada = await IrcClient.connect({ host, port, nick: "ada" });
  await ada.join("#room");
  for (let i = 0; i < 60; i++) ada.say("#room", `line ${i}`);
  await ada.waitFor((line) => line.command === "ERROR" && /Flood/.test(line.text), "the kill");
});

needs("inspircd", "openssl")(
  "startInspircd() carries a burst when its limits are wide",
  async () => {
    await using server = await startInspircd({ commandRate: 1, threshold: 1000, recvQ: 1_000_000 });
    const { host, port } = server;
    await using ada = await IrcClient.connect({ host, port, nick: "ada" });
    await using bob = await IrcClient.connect({ host, port, nick: "bob" });
    await ada.join("#room");
    await bob.join("#room");
    for (let i = 0; i < 500; i++) ada.say("#room", `line ${i}`);
    const texts = (await bob.waitForMessages("#room", 500)).map((message) => message.text);
    assert.deepEqual(texts, Array.from({ length: 500 }, (_, i) => `line ${i}`));
  },
);

needs("inspircd", "openssl")("startInspircd() replays lines with chanHistory", async () => {
  await using server = await startInspircd({ chanHistory: true });
  const { host, port } = server;
  await using ada = await IrcClient.connect({ host, port, nick: "ada" });
  await ada.join("#room");
  await ada.raw("MODE #room +H 10:1h");
  await ada.say("#room", "before you came");
  await ada.sync();
  const caps = ["batch", "server-time", "message-tags"];
  await using bob = await IrcClient.connect({ host, port, nick: "bob", caps });
  await bob.join("#room");
  const old = await bob.waitForMessage("#room", "before you came");
  assert.notEqual(old.tags["time"] ?? "", "");
});

needs("inspircd", "atheme", "openssl")(
  "startAtheme() lets registered accounts log in by SASL",
  async () => {
    await using server = await startInspircd({ services: true });
    await using services = await startAtheme(server);
    await services.register("relay", "secret123");
    const { host, port } = server;
    await using client = await IrcClient.connect({ host, port, nick: "relay", register: false });
    client.raw("CAP LS 302");
    client.raw("NICK relay");
    client.raw("USER relay 0 * :relay");
    await client.waitFor(
      (line) => line.command === "CAP" && / sasl=?/.test(` ${line.text}`),
      "sasl",
    );
    client.raw("CAP REQ :sasl");
    await client.waitFor((line) => line.params[1] === "ACK", "ACK");
    client.raw("AUTHENTICATE PLAIN");
    await client.waitFor((line) => line.command === "AUTHENTICATE", "AUTHENTICATE +");
    client.raw(`AUTHENTICATE ${btoa("\0relay\0secret123")}`);
    await client.waitFor((line) => line.command === "903", "903");
    client.raw("CAP END");
    await client.waitFor((line) => line.command === "001", "001");
  },
);

needs("ngircd", "openssl")(
  "ServerProcess.freeze() keeps connections and answers nothing",
  async () => {
    await using server = await startNgircd();
    const { host, port } = server;
    await using ada = await IrcClient.connect({ host, port, nick: "ada" });
    server.process.freeze();
    await assert.rejects(ada.sync(200), /Waited 0.2 s in vain for PONG/);
    server.process.thaw();
    await ada.sync();
  },
);

needs("ngircd", "openssl")("makeCertificate() can make one that has expired", async () => {
  await using server = await startNgircd({ certificate: { expired: true } });
  const caCerts = [await Deno.readTextFile(server.certificate.caPath)];
  const options = { host: "localhost", port: server.tlsPort, nick: "ada", tls: { caCerts } };
  await assert.rejects(IrcClient.connect(options), /xpired/);
});
