/** Connects and finishes the handshake, so that a bad certificate shows here and not in the first read. */
export async function connectTls(options: Deno.ConnectTlsOptions): Promise<Deno.TlsConn> {
  const conn = await Deno.connectTls(options);
  try {
    await conn.handshake();
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}
