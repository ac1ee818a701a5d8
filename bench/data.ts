import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { partPaths } from '../infra/parts.mjs';
import { repositoryRoot } from '../infra/parts/root.mjs';
import type { Bench } from './bench.js';
import { writeGlosses, writeImages } from './data/inputs.js';
import { rowsInWorker } from './data/rows-in-worker.js';
import { writeGlosses as writeExample } from './glosses/rows.js';
import { interleave, ratioOf, ratioOfFastest, type Contender, type Measured } from './interleave.js';
import { describeBench, engineProcessEnvironment, load } from './machine.js';
import { peersPython } from './peers/environment.mjs';
import { budgetTable, isMet, missedBudgets, stepRows, type Budgeted } from './results.js';
import { Subject } from './subject.js';

const IMAGES = 10_000;
/** 8 GB. */
const ROWS = 10_000_000;
const PEERS = 'requirements-data.txt';
const ours = (file: string): string => fileURLToPath(new URL(`./data/${file}`, import.meta.url));
const theirs = (file: string): string => join(repositoryRoot(), 'bench', 'peers', file);
const waitingSchema = z.object({ steps: z.number(), seconds: z.number(), waited: z.number() });

const temper = (work: string, file: string, ...args: string[]): Contender => ({
  rows: [{ peer: 'temper', work }],
  start: () => new Subject(process.execPath, [ours(file), ...args], process.env),
});
const peer = (work: string, peers: readonly string[], file: string, ...args: string[]): Contender => ({
  rows: peers.map((name) => ({ peer: name, work })),
  start: () => new Subject(peersPython(process.env, PEERS), [theirs(file), ...args, '--serve'], process.env),
});

function ratios(measured: readonly Measured[]): Budgeted[] {
  const [own, ...others] = measured;
  return others.map((other) => ({
    what: `${own!.work}: temper / ${other.peer}`,
    value: ratioOf(own!, other),
    fastest: ratioOfFastest(own!, other),
    budget: 1,
  }));
}

/** The demo's job in an engine of its own. */
async function waiting(folder: string): Promise<Budgeted> {
  const job = await writeExample();
  const { stdout } = await promisify(execFile)(process.execPath, [ours('waiting.js'), job, folder], {
    env: engineProcessEnvironment(),
  });
  const { seconds, waited } = waitingSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1)!));
  return { what: 'waiting: share of the step time of the glosses, MiniLM', value: waited / seconds, budget: 0.02 };
}

/** A table of many rows, prepared by a data worker: what its process takes of memory at the most. */
async function manyRows(say: (sentence: string) => void): Promise<{ sentence: string; budget: Budgeted }> {
  const { rows, bytes, seconds, peakMebibytes, diskGigabytes } = await rowsInWorker(ROWS, say);
  const size = `${rows.toLocaleString('en')} rows of a table, ${(bytes / 1e9).toFixed(1)} GB`;
  const stages = Object.entries(seconds).map(([stage, each]) => `${stage} ${each.toFixed(0)}`);
  return {
    sentence: `${size}, through a worker of role data with 2 threads: s ${stages.join(', ')}; ${diskGigabytes.toFixed(1)} GB of disk beside the source`,
    budget: { what: `rows: MiB at the most of a data worker's process`, value: peakMebibytes, budget: 512 },
  };
}

export const data: Bench = {
  name: 'data',
  description:
    'glosses to shards, images to pixels, 10 million rows, an engine that waits for rows; with --peers beside datasets, torchvision',
  defaultRounds: 3,
  async run({ peers, rounds, only, say }) {
    if (peers) peersPython(process.env, PEERS);
    const folder = await mkdtemp(join(tmpdir(), 'temper-bench-data-'));
    const measured: Measured[] = [];
    const budgets: Budgeted[] = [];
    const sentences: string[] = [];
    const before = load();
    const together = async (contenders: readonly Contender[]) => {
      const found = await interleave(contenders, rounds, say);
      measured.push(...found);
      budgets.push(...ratios(found));
    };
    try {
      if ('glosses'.includes(only)) {
        const glosses = join(folder, 'glosses.jsonl');
        say(`${await writeGlosses(glosses)} glosses:`);
        const tokenizer = join(partPaths().minilm, 'tokenizer.json');
        const python = ['datasets + tokenizers'];
        await together([
          temper('glosses', 'serve-glosses.js', glosses, join(folder, 'ours')),
          ...(peers ? [peer('glosses', python, 'data_glosses.py', tokenizer, glosses, join(folder, 'theirs'))] : []),
        ]);
      }
      if ('images'.includes(only)) {
        say(`${IMAGES} images are made...`);
        await writeImages(join(folder, 'images'), IMAGES);
        const python = ['torchvision, pillow', 'torchvision, tensors'];
        await together([
          temper('images', 'serve-images.js', join(folder, 'images')),
          ...(peers ? [peer('images', python, 'data_images.py', join(folder, 'images'))] : []),
        ]);
      }
      if ('rows'.includes(only)) {
        say(`A table of ${ROWS.toLocaleString('en')} rows (30 GB of disk, an hour):`);
        const { sentence, budget } = await manyRows(say);
        sentences.push(sentence);
        budgets.push(budget);
      }
      if ('waiting'.includes(only)) {
        say('Steps of an engine:');
        budgets.push(await waiting(join(folder, 'waiting')));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const machine = await describeBench(false);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        ...(peers ? ['- peers: torchvision 0.29.2, datasets 5.2.0, tokenizers 0.23.3, a process each'] : []),
        `- load of the machine before: ${before}; ${rounds} rounds in turn; ms of processor on all threads, so that it is work per core`,
        '- glosses: all 82,192 from JSON Lines to shards of MiniLM token ids, split and with their labels; the checks for leakage and duplicates, which datasets has not, are off',
        '- images: 250 JPEGs of 240 to 400 pixels a side to 224 x 224 float32, cropped, flipped and coloured at random',
        ...sentences.map((sentence) => `- ${sentence}`),
        ...(measured.length > 0 ? [`\n${stepRows(measured)}`] : []),
        `\n${budgetTable(budgets)}`,
      ].join('\n'),
      figures: { machine, rows: measured, ratios: budgets.map((each) => ({ ...each, met: isMet(each) })) },
      missed: missedBudgets(budgets),
    };
  },
};
