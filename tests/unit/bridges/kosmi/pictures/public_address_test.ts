import fc from "fast-check";
import assert from "node:assert/strict";
import { isPublicAddress } from "../../../../../src/bridges/kosmi/pictures/public_address.ts";

const PUBLIC = [
  ...["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"],
  ...["192.0.3.0", "192.167.255.255", "198.17.0.1", "198.20.0.1", "223.255.255.255"],
  ...["2606:4700:4700::1111", "2a00:1450:4001:830::200e", "2001:4860:4860::8888", "2400:cb00::1"],
];

const FORBIDDEN = [
  ...["127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"],
  ...["192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "100.127.255.255"],
  ...["192.0.0.192", "192.0.2.7", "198.18.0.1", "198.19.255.255", "198.51.100.3", "203.0.113.9"],
  ...["192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
  "168.63.129.16",
  ...["::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1"],
  ...["0:0:0:0:0:ffff:7f00:1", "64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1"],
  ...["fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"],
  ...["2002:7f00:1::", "2001::1", "2001:0:4136:e378::1", "2001:db8::1", "2001:10::1", "3fff::1"],
  ...["2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:7f00:1", "2606:4700::1%1", "4000::1"],
  ...["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "8.8.8.8 ", "8.8.8.8:80", "[::1]"],
];

for (const address of PUBLIC) {
  Deno.test(`isPublicAddress() takes ${address}`, () => assert(isPublicAddress(address)));
}

for (const address of FORBIDDEN) {
  Deno.test(`isPublicAddress() refuses ${JSON.stringify(address)}`, () => {
    assert(!isPublicAddress(address));
  });
}

Deno.test("isPublicAddress() refuses every IPv4 address that is wrapped in IPv6", () => {
  const wrapped = fc.tuple(
    fc.constantFrom("::ffff:", "::", "64:ff9b::", "::ffff:0:"),
    fc.ipV4(),
  ).map(([before, address]) => before + address);
  fc.assert(fc.property(wrapped, (address) => !isPublicAddress(address)));
});

Deno.test("isPublicAddress() has one answer for all spellings of an address", () => {
  fc.assert(fc.property(fc.ipV6(), (address) => {
    const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? address;
    assert.equal(isPublicAddress(address), isPublicAddress(canonical));
    assert.equal(isPublicAddress(address.toUpperCase()), isPublicAddress(canonical));
  }));
});
