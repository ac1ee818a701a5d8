// A full disk for a process of ours, where no small disk may be mounted: NODE_OPTIONS=--import=THIS. While the file that
// TEMPER_FAULT_DISK names is there, every write through a file handle fails with ENOSPC.
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';

const flag = process.env['TEMPER_FAULT_DISK'];
const handle = await open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
await handle.close();

for (const name of ['write', 'writev', 'writeFile', 'appendFile']) {
  const real = prototype[name];
  /** @param {unknown[]} args */
  prototype[name] = function (...args) {
    if (flag === undefined || !existsSync(flag)) return real.apply(this, args);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      errno: -28,
      syscall: 'write',
    });
    return Promise.reject(full);
  };
}
