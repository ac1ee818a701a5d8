/** A cable: a TCP relay that can be cut and healed. Cut, nothing goes through and nobody is told, as when a switch dies. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Link {
  readonly port: number;
  cut(): void;
  /** What was on its way arrives late, as TCP's own repetition would have it. */
  heal(): void;
  stop(): Promise<void>;
}

export async function startLink(target: () => number): Promise<Link> {
  const sockets = new Set<Socket>();
  let held: (() => void)[] | null = null;
  const whenWhole = (action: () => void): void => void (held ? held.push(action) : action());

  const relay = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk) => whenWhole(() => to.writable && to.write(chunk)));
    from.on('end', () => whenWhole(() => to.end()));
    from.on('error', () => undefined); // `close` follows
    from.on('close', () => {
      sockets.delete(from);
      whenWhole(() => to.destroy());
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target(), '127.0.0.1');
    relay(client, upstream);
    relay(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cut: () => (held ??= []),
    heal: () => {
      const late = held ?? [];
      held = null;
      for (const action of late) action();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
