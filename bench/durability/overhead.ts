import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectExit } from '../../test/support/runs.js';
import { startTestStack } from '../../test/support/stack.js';
import { ROWS_PER_EPOCH, stepsFor, writeGlosses } from '../glosses/rows.js';
import { median } from '../interleave.js';
import { engineProcessEnvironment } from '../machine.js';
import { Subject } from '../subject.js';
import type { MeasurePart } from './part.js';
import { NEVER, trained, WITHIN_MS, writeJob } from './run-epoch.js';

/** With at most 15 s until a dead worker's successor trains, at most 60 s are lost. */
const CHECKPOINT_MINUTES = 0.75;
/** Of the demo's rows to train on, in one epoch: ten minutes on two cores, with no checkpoint but those asked for. */
const TIMES = 5;
const STEPS = stepsFor(TIMES * ROWS_PER_EPOCH);
const STEPS_ASKED_AT_ONCE = 30;

/** The demo's rows, those to train on `TIMES` times. */
async function writeRows(jobFile: string): Promise<string> {
  const rows = (await readFile(join(dirname(jobFile), 'glosses.jsonl'), 'utf8')).trimEnd().split('\n');
  const times = (row: string) => ((JSON.parse(row) as { split: string }).split === 'train' ? TIMES : 1);
  const path = join(dirname(jobFile), '.bench-glosses.jsonl');
  await writeFile(path, rows.map((row) => `${row}\n`.repeat(times(row))).join(''));
  return path;
}

/** The same steps in a process that does nothing else: the compiled step alone, its compilation included. */
async function bare(jobFile: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
  const script = fileURLToPath(new URL('../glosses/steps.js', import.meta.url));
  const subject = new Subject(process.execPath, [script, jobFile, folder], engineProcessEnvironment());
  try {
    const ms: number[] = [];
    while (ms.length < STEPS) ms.push(...(await subject.ask({ peer: 'bare', work: `${STEPS_ASKED_AT_ONCE} steps` })));
    return ms.slice(0, STEPS).reduce((sum, each) => sum + each, 0) / 1000;
  } finally {
    subject.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export const overhead: MeasurePart = async ({ rounds, say }) => {
  const jobFile = await writeGlosses();
  const rows = await writeRows(jobFile);
  const [often, never] = [
    await writeJob(jobFile, rows, 'bench-checkpoints', { everyMinutes: CHECKPOINT_MINUTES }),
    await writeJob(jobFile, rows, 'bench-none', NEVER),
  ];
  const stack = await startTestStack();
  const turns: { often: number; never: number; bare: number }[] = [];
  try {
    expectExit(await stack.temper(['data', 'prepare', never], { timeoutMs: WITHIN_MS }));
    for (let turn = 1; turn <= rounds; turn++) {
      say(`Ten minutes with checkpoints, ten without, and ten of the bare loop: turn ${turn} of ${rounds}...`);
      const [withThem, without] = [await trained(stack, often), await trained(stack, never)];
      const alone = await bare(never);
      turns.push({ often: withThem, never: without, bare: alone });
      say([withThem, without, alone].map((seconds) => `${seconds.toFixed(1)} s`).join(', '));
    }
  } finally {
    await stack.stop();
    await Promise.all([often, never, rows].map((file) => rm(file, { force: true })));
  }
  const ratio = (of: (turn: (typeof turns)[number]) => number) => median(turns.map(of)) - 1;
  const seconds = median(turns.map((turn) => turn.never));
  return {
    sentence:
      `${turns.length} turns of ${STEPS} steps of the demo's job in one epoch (MiniLM, all weights, ${seconds.toFixed(0)} s); ` +
      `a checkpoint each ${60 * CHECKPOINT_MINUTES} s, so that a kill loses at most ${60 * CHECKPOINT_MINUTES + 15} s; median of the turns`,
    budgets: [
      {
        what: 'checkpoints: share of the time of a run',
        value: ratio((turn) => turn.often / turn.never),
        budget: 0.01,
      },
      { what: 'a run over the bare compiled loop', value: ratio((turn) => turn.often / turn.bare), budget: 0.03 },
    ],
  };
};
