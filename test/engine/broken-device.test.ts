import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startEngine } from '../support/engine-process.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';

let directory: string;
beforeEach(() => void (directory = makeTemporaryFolder()));
afterEach(() => {
  vi.unstubAllEnvs();
  removeFolder(directory);
});

/** A device that loads, and of which every operation does this. */
function breakDevice(deed: string): void {
  const fault = join(directory, 'fault.cjs');
  writeFileSync(
    fault,
    `const dlopen = process.dlopen;
     process.dlopen = function (module, name, ...flags) {
       dlopen.call(this, module, name, ...flags);
       if (!String(name).includes('tfjs_binding')) return;
       const { executeOp } = module.exports; // not to be written
       const broken = { value: (op, ...rest) => { ${deed}; return executeOp(op, ...rest); } };
       module.exports = Object.create(module.exports, { executeOp: broken });
     };`,
  );
  vi.stubEnv('NODE_OPTIONS', `--require ${fault}`);
}

const STANDS_STILL = 'for (;;);';
const SUM_FOR_PRODUCT = `if (op === 'BatchMatMulV2')
  return executeOp('AddV2', rest[0].filter(({ name }) => name === 'T'), ...rest.slice(1))`;

it.each([
  ['crashes', 'process.abort()', /was ended by SIGABRT/],
  ['stands still', STANDS_STILL, /hung .* it was killed/],
  ['computes wrongly', SUM_FOR_PRODUCT, /exited with code 1/],
])('an engine whose device %s has not started', async (_, deed, says) => {
  breakDevice(deed);
  const engine = await startEngine(directory, deed === STANDS_STILL ? { startPatienceMs: 1_000 } : {});
  try {
    await expect(engine.fingerprint()).rejects.toMatchObject({
      name: 'EngineDied',
      message: expect.stringMatching(says) as string,
    });
  } finally {
    await engine.close();
  }
  if (deed === SUM_FOR_PRODUCT)
    expect(readFileSync(join(directory, 'engine.log'), 'utf8')).toMatch(
      /the cpu computes wrongly: expected 64 at 0 .* found 2/,
    );
});
