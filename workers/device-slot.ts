/**
 * Slots of a device, taken across all processes of a host: during an upgrade two workers run side by side.
 *
 * A slot is an abstract Unix socket that its holder listens on. The kernel frees it the moment the holder dies, however it
 * dies, so there is no stale lock to judge. Abstract names are Linux's, as is libtensorflow's build that we use.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { abstractSocket } from '../infra/abstract-socket.js';

export interface DeviceSlot {
  readonly index: number;
  release(): Promise<void>;
}

const POLL_MS = 500;

/** Name of the slots: CPU slots belong to one installation (its scratch folder), a GPU to the host. */
export const slotScope = (device: string, scratch: string): string =>
  createHash('sha256')
    .update(device === 'cpu' ? realpathSync(scratch) : device) // a GPU's name is too long for a socket's
    .digest('hex')
    .slice(0, 16);

/** Waits for a free slot of `slots`. Rejects when `signal` aborts. */
export async function takeSlot(scope: string, slots: number, signal: AbortSignal): Promise<DeviceSlot> {
  for (;;) {
    for (let index = 0; index < slots; index++) {
      const slot = await tryTake(abstractSocket(`slot-${scope}-${index}`), index);
      if (slot) return slot;
    }
    await pause(POLL_MS, undefined, { signal });
  }
}

function tryTake(name: string, index: number): Promise<DeviceSlot | null> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(name, () => {
      const release = () => new Promise<void>((released) => server.close(() => released()));
      resolve({ index, release });
    });
  });
}
