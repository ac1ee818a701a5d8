// One set-up at a time may change node_modules or dist/ of a checkout. The lock is a name in Linux's abstract socket
// namespace: the kernel frees it when its holder dies, however it dies, so it is never stale.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '../parts/root.mjs';

const RETRY_MS = 200;

/**
 * @param {string} address
 * @returns {Promise<import('node:net').Server | undefined>} undefined when another process holds it
 */
const tryLock = (address) =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });

/**
 * @template T
 * @param {string} name what is locked, in this checkout
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export const withLock = async (name, work) => {
  const checkout = createHash('sha256').update(repositoryRoot()).digest('hex').slice(0, 16);
  let server = await tryLock(`\0temper-${name}-${checkout}`);
  while (server === undefined) {
    await sleep(RETRY_MS);
    server = await tryLock(`\0temper-${name}-${checkout}`);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
};
