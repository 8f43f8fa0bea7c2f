import { isIPv4, isIPv6 } from "node:net";

/** First address and length of the prefix, of what is not the public internet. */
const RESERVED_IPV4: readonly (readonly [address: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  // Shared by the customers of a provider.
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Link-local: the metadata services of most clouds live here.
  ["169.254.0.0", 16],
  // Looks public, answers only inside of one cloud: its metadata service.
  ["168.63.129.16", 32],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  // Multicast, then what was never given out, with the broadcast address.
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Of the public 2000::/3, what leads elsewhere: as 16-bit groups with the length of the prefix. */
const RESERVED_IPV6: readonly (readonly [groups: readonly number[], bits: number])[] = [
  // Teredo, benchmarks, ORCHID and whatever else the IETF keeps.
  [[0x2001, 0x0000], 23],
  [[0x2001, 0x0db8], 32],
  // 6to4: an IPv4 address lies inside.
  [[0x2002], 16],
  [[0x2620, 0x004f, 0x8000], 48],
  [[0x3ffe], 16],
  [[0x3fff, 0x0000], 20],
];

/**
 * True for an address of the public internet, false for this machine, its networks, a cloud's metadata services,
 * documentation, multicast, addresses that wrap another one (IPv4-mapped, NAT64, 6to4, ISATAP), and all that is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !RESERVED_IPV4.some(([first, bits]) => within(address, first, bits));
  if (!isIPv6(address) || address.includes("%")) return false;
  const groups = groupsOf(address);
  // Only 2000::/3 is public: this leaves out loopback, unique local, link-local, multicast, IPv4-mapped and NAT64.
  if (groups === null || ((groups[0] ?? 0) & 0xe000) !== 0x2000) return false;
  const isIsatap = ((groups[4] ?? 0) & 0xfdff) === 0 && groups[5] === 0x5efe;
  return !isIsatap && !RESERVED_IPV6.some(([first, bits]) => startsWith(groups, first, bits));
}

function within(address: string, first: string, bits: number): boolean {
  const shift = 32 - bits;
  return Math.floor(numberOf(address) / 2 ** shift) === Math.floor(numberOf(first) / 2 ** shift);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** The eight groups; the URL parser knows all spellings and writes one of them. */
function groupsOf(address: string): number[] | null {
  const written = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (written === undefined) return null;
  const [head = "", tail] = written.split("::");
  const before = numbers(head);
  const after = tail === undefined ? [] : numbers(tail);
  const zeros = Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0);
  return [...before, ...zeros, ...after];
}

function numbers(groups: string): number[] {
  return groups === "" ? [] : groups.split(":").map((group) => Number.parseInt(group, 16));
}

function startsWith(groups: readonly number[], first: readonly number[], bits: number): boolean {
  return first.every((wanted, at) => {
    const left = Math.min(16, bits - at * 16);
    if (left <= 0) return true;
    const mask = (0xffff << (16 - left)) & 0xffff;
    return ((groups[at] ?? 0) & mask) === (wanted & mask);
  });
}
