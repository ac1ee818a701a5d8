/**
 * npm run fuzz -- [SECONDS] [FIRST-SEED]: damages a file of every kind that is read, again and again. A crash, half a
 * minute without an answer, a heap of more than 512 MiB or a process that grows beyond 1 GiB is told with its seed, and ends it with 1.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { samples } from './read-damaged.js';

const [seconds = 600, firstSeed = 1] = process.argv.slice(2).map(Number);
if (!(seconds > 0) || !Number.isSafeInteger(firstSeed) || firstSeed < 0) {
  console.error('Usage: npm run fuzz -- [SECONDS] [FIRST-SEED], two numbers; left out: 600 seconds from seed 1.');
  process.exit(2);
}
/** A second would do on a machine that is not busy. */
const PATIENCE_MS = 30_000;
const MAX_PROCESS_BYTES = 2 ** 30;

type Answer = { readonly outcome: 'rows' | 'refused' } | { readonly error: string };

const names = (await samples()).map(({ name }) => name);
const start = performance.now();
const counts = { rows: 0, refused: 0, failed: 0 };
let thread = await begin();

async function begin(): Promise<Worker> {
  const begun = new Worker(new URL('./thread.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  await once(begun, 'message');
  return begun;
}

function ask(sample: number, seed: number): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      thread.off('message', end).off('error', fail);
      resolve(answer);
    };
    const fail = (error: Error): void => end({ error: String(error) });
    const timer = setTimeout(() => end({ error: `no answer in ${PATIENCE_MS} ms` }), PATIENCE_MS);
    thread.once('message', end);
    thread.once('error', fail);
    thread.postMessage({ sample, seed });
  });
}

let seed = firstSeed;
let peakBytes = 0;
for (; performance.now() - start < seconds * 1000; seed++) {
  const sample = seed % names.length;
  const answer = await ask(sample, seed);
  const { rss } = process.memoryUsage();
  peakBytes = Math.max(peakBytes, rss);
  if ('outcome' in answer) counts[answer.outcome]++;
  if ('error' in answer || rss > MAX_PROCESS_BYTES) {
    counts.failed++;
    console.log(`${names[sample]} seed ${seed}: ${'error' in answer ? answer.error : `the process has ${rss} bytes`}`);
    await thread.terminate();
    thread = await begin();
  }
}
await thread.terminate();
console.log(JSON.stringify({ seeds: seed - firstSeed, ...counts, peakMiB: Math.round(peakBytes / 2 ** 20) }));
process.exitCode = counts.failed === 0 ? 0 : 1;
