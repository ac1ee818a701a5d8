import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { writeGlosses } from '../glosses/rows.js';
import { engineProcessEnvironment } from '../machine.js';

export interface Check {
  readonly what: string;
  readonly found: string;
  readonly passed: boolean;
}

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/** A process as an engine's; its last line of output. */
async function node(...args: string[]): Promise<string> {
  const options = { env: engineProcessEnvironment(), cwd: repositoryRoot(), maxBuffer: MAX_OUTPUT_BYTES };
  const { stdout } = await execute(process.execPath, args, options);
  return stdout.trim().split('\n').at(-1) ?? '';
}

const script = (name: string) => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** The tests that compare with what PyTorch, transformers and Keras computed, and compiled steps with eager ones. */
const PARITY = [
  'test/training/ops-parity',
  'test/training/image-models',
  'test/training/cnn',
  'test/training/mlp',
  'test/training/gpt2-parity',
  'test/training/adamw-parity',
  'test/training/sentence-vectors',
  'test/training/objectives',
  'test/training/optimizers',
  'test/training/compiled-eager.test',
  'test/models/encoder-parity',
];
const EXACT = ['test/engine/cut-anywhere'];

const vitestSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) })),
});

/** Runs test files on this machine's device. */
async function tests(what: string, files: readonly string[]): Promise<Check> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
  const report = join(folder, 'report.json');
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const options = ['run', '--project', 'unit', '--reporter', 'json', '--outputFile', report, ...files];
  try {
    await node(vitest, ...options).catch(() => undefined); // a failed test is in the report
    const { default: found } = (await import(report, { with: { type: 'json' } })) as { default: unknown };
    const { numPassedTests, numFailedTests, testResults } = vitestSchema.parse(found);
    const failed = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    );
    const names = failed.length === 0 ? '' : `: ${failed.slice(0, 5).join('; ')}`;
    const passed = numFailedTests === 0 && numPassedTests > 0;
    return { what, found: `${numPassedTests} passed, ${numFailedTests} failed${names}`, passed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function embeddingGradient(): Promise<Check> {
  const schema = z.object({ times: z.number(), distinct: z.number(), error: z.number() });
  const { times, distinct, error } = schema.parse(JSON.parse(await node(script('embedding-gradient'))));
  return {
    what: 'gradient of an embedding, same bits each time',
    found: `${distinct} distinct of ${times}, largest error ${error.toExponential(1)}`,
    passed: distinct === 1 && error < 1e-3,
  };
}

const LAST_STEP = 12;
const CUT_AT = 5;

/** The demo's job in processes of its own: twice the same steps, and once cut and resumed. */
async function sameDigest(): Promise<Check> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
  const digestOf = (state: string) => z.object({ stateDigest: z.string() }).parse(JSON.parse(state)).stateDigest;
  const jobFile = await writeGlosses();
  const trainTo = (step: number, name: string, from: readonly string[] = []) =>
    node(script('train-to'), jobFile, join(folder, name), `${step}`, ...from);
  try {
    const first = digestOf(await trainTo(LAST_STEP, 'first'));
    const second = digestOf(await trainTo(LAST_STEP, 'second'));
    const cut = join(folder, 'cut.json');
    await writeFile(cut, await trainTo(CUT_AT, 'cut'));
    const resumed = digestOf(await trainTo(LAST_STEP, 'resumed', [cut]));
    const digests = new Set([first, second, resumed]);
    return {
      what: `${LAST_STEP} steps of the glosses: twice, and cut at ${CUT_AT}`,
      found:
        digests.size === 1
          ? `one digest, ${first.slice(0, 12)}`
          : [first, second, resumed].map((d) => d.slice(0, 12)).join(', '),
      passed: digests.size === 1,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether this machine's device computes what it should, and the same each time. Works on a CPU too. */
export async function deviceChecks(say: (sentence: string) => void): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const [sentence, check] of [
    ['The gradient of an embedding, 20 times...', embeddingGradient],
    ['Twelve steps of the glosses in four processes...', sameDigest],
    ['Tests of parity...', () => tests('parity with the fixtures', PARITY)],
    ['Tests of exact resumption...', () => tests('a run cut at every step', EXACT)],
  ] as const) {
    say(sentence);
    checks.push(await check());
  }
  return checks;
}
