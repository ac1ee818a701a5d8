import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A wire between a client and a server: bytes go through as the test says. */
export interface TcpProxy {
  readonly endpoint: string;
  /** Connections that were opened. */
  readonly opened: () => number;
  /** From now on nothing is read, of either side, after so many more bytes; the connections stay open. */
  stallAfter(bytes: number): void;
  /** Whether the wire has stalled. */
  readonly stalled: () => boolean;
  /** Bytes pass again, on new connections too. */
  flow(): void;
  /** Every chunk, of at most 16 KiB, waits for so long. */
  slow(chunkMs: number): void;
  stop(): Promise<void>;
}

const CHUNK = 16 * 1024;

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let opened = 0;
  let left = Infinity;
  let chunkMs = 0;
  const pass = async (from: Socket, to: Socket): Promise<void> => {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < bytes.length; at += CHUNK) {
        const chunk = bytes.subarray(at, at + CHUNK);
        left -= chunk.length;
        while (left < 0) {
          if (from.destroyed || to.destroyed) throw new Error('the connection broke');
          await pause(10);
        }
        if (chunkMs > 0) await pause(chunkMs);
        if (!to.write(chunk)) await once(to, 'drain');
      }
    }
    to.end();
  };
  const server = createServer((client) => {
    opened += 1;
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.once('close', () => sockets.delete(from));
      from.on('error', () => to.destroy()); // the other side broke: so does this one
      void pass(from, to).catch(() => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened: () => opened,
    stallAfter: (bytes) => void (left = bytes),
    stalled: () => left < 0,
    flow: () => void (left = Infinity),
    slow: (ms) => void (chunkMs = ms),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
