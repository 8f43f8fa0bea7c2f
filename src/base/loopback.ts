/** True for a host name or address by which only this machine can be reached. Brackets of IPv6 may be there. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return bare === "localhost" || bare.endsWith(".localhost") || bare === "::1" ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(bare);
}
