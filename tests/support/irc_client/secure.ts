/** Starts TLS and finishes the handshake, so that a bad certificate shows here and not in the first read. */
export async function secure(
  tcp: Deno.TcpConn,
  options: { hostname: string; caCerts: string[] },
): Promise<Deno.TlsConn> {
  const conn = await Deno.startTls(tcp, options);
  try {
    await conn.handshake();
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}
