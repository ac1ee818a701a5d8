import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { partPaths } from '../infra/parts.mjs';
import { repositoryRoot } from '../infra/parts/root.mjs';
import type { Bench } from './bench.js';
import { interleave, ratioOf, type Contender } from './interleave.js';
import { describeBench, engineProcessEnvironment } from './machine.js';
import { budgetTable, isMet, table, type Budgeted } from './results.js';
import { Subject } from './subject.js';

const AT_LEAST = 20;
const script = fileURLToPath(new URL('./step/frozen.js', import.meta.url));

const epochs = (source: string, how: 'kept' | 'recomputed'): Contender => ({
  rows: [{ peer: `features ${how}`, work: 'an epoch of 7,560 glosses' }],
  start: () => new Subject(process.execPath, [script, source, how], engineProcessEnvironment()),
});

export const features: Bench = {
  name: 'features',
  description: 'an epoch over frozen MiniLM from the second on: its outputs kept, and computed again',
  defaultRounds: 3,
  async run({ rounds, say }) {
    const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
    try {
      const source = join(folder, 'glosses.jsonl');
      const makeRows = join(repositoryRoot(), 'examples', 'glosses', 'make-rows.mjs');
      await promisify(execFile)(process.execPath, [makeRows, partPaths().wordnet, '--check', '--data', source]);
      const measured = await interleave([epochs(source, 'kept'), epochs(source, 'recomputed')], rounds, say);
      const [kept, recomputed] = measured;
      const faster: Budgeted = {
        what: 'recomputed / kept, an epoch from the second on',
        value: ratioOf(recomputed!, kept!),
        budget: AT_LEAST,
        atLeast: true,
      };
      const rows = measured.map(({ peer, work, medianMs, minMs, maxMs }) => [
        ...[peer, work],
        ...[medianMs, minMs, maxMs].map((ms) => (ms / 1000).toFixed(2)),
      ]);
      const machine = await describeBench(false);
      return {
        report: [
          ...machine.map((line) => `- ${line}`),
          `- ${rounds} rounds in turn; seconds an epoch, batch 32, at most 32 tokens, no dropout; the head alone trains`,
          `\n${table(['what', 'work', 'median', 'min', 'max'], rows)}`,
          `\n${budgetTable([faster])}`,
        ].join('\n'),
        figures: { machine, rows: measured, ratios: [{ ...faster, met: isMet(faster) }] },
        missed: isMet(faster) ? [] : [`${faster.what} is ${faster.value.toFixed(1)}, budget at least ${AT_LEAST}`],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
