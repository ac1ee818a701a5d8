/**
 * Trains cases of exact-cases.ts without a cut, each printed as a line of JSON: its name and the digest of its last state.
 *
 *     node dist/test/support/train-cases.js [NAME…]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBench } from './engine-bench.js';
import { exactCases, prepareCase } from './exact-cases.js';

const names = process.argv.slice(2);
for (const name of names) {
  if (!exactCases.some((each) => each.name === name)) throw new Error(`no case is called ${name}`);
}
const folder = await mkdtemp(join(tmpdir(), 'temper-cases-'));
try {
  for (const [i, each] of exactCases.entries()) {
    if (names.length > 0 && !names.includes(each.name)) continue;
    const here = await mkdtemp(join(folder, `${i}-`));
    const bench = await openBench(await prepareCase(each, here), each);
    const { state } = await bench.trainTo(bench.lastStep, await bench.restore(bench.start));
    bench.close();
    process.stdout.write(`${JSON.stringify({ name: each.name, digest: state.stateDigest })}\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
