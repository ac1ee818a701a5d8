/**
 * Trains cases of exact-cases.ts without a cut, each printed as a line of JSON: its name and the digest of its last state.
 *
 *     node dist/test/support/train-cases.js [NAME…]
 *     node dist/test/support/train-cases.js --record      writes the graphs of all into test/fixtures/graphs.json
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBench } from './engine-bench.js';
import { exactCases, prepareCase } from './exact-cases.js';
import { recordGraphs } from './recorded-graphs.js';

const RECORD = '--record';
const names = process.argv.slice(2).filter((each) => each !== RECORD);
for (const name of names) {
  if (!exactCases.some((each) => each.name === name)) throw new Error(`no case is called ${name}`);
}
if (names.length > 0 && process.argv.includes(RECORD)) throw new Error('--record records all cases');
const graphs = new Map<string, string>();
const folder = await mkdtemp(join(tmpdir(), 'temper-cases-'));
try {
  for (const [i, each] of exactCases.entries()) {
    if (names.length > 0 && !names.includes(each.name)) continue;
    const here = await mkdtemp(join(folder, `${i}-`));
    const bench = await openBench(await prepareCase(each, here), each);
    const { state } = await bench.trainTo(bench.lastStep, await bench.restore(bench.start));
    graphs.set(each.name, bench.graphDigest);
    bench.close();
    process.stdout.write(`${JSON.stringify({ name: each.name, digest: state.stateDigest })}\n`);
  }
  if (process.argv.includes(RECORD)) await recordGraphs(graphs);
} finally {
  await rm(folder, { recursive: true, force: true });
}
