/**
 * npm run fuzz -- [SECONDS] [FIRST-SEED]: damages a file of every kind that is read, again and again. A crash, half a
 * minute without an answer, a heap of more than 512 MiB or a process that grows beyond 1 GiB is told with its seed, and ends it with 1.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { samples } from './read-damaged.js';

const [seconds = 600, firstSeed = 1] = process.argv.slice(2).map(Number);
if (!(seconds > 0) || !Number.isSafeInteger(firstSeed) || firstSeed < 0) {
  console.error('Usage: npm run fuzz -- [SECONDS] [FIRST-SEED], two numbers; left out: 600 seconds from seed 1.');
  process.exit(2);
}
/** A second would do on a machine that is not busy. */
const PATIENCE_MS = 30_000;
const MAX_PROCESS_BYTES = 2 ** 30;

type Answer = { readonly rss: number } & ({ readonly outcome: 'rows' | 'refused' } | { readonly error: string });

const names = (await samples()).map(({ name }) => name);
const start = performance.now();
const counts = { rows: 0, refused: 0, failed: 0 };
let reader = await begin();

async function begin(): Promise<ChildProcess> {
  const begun = fork(fileURLToPath(new URL('./reader.js', import.meta.url)), {
    execArgv: ['--max-old-space-size=512'],
  });
  await once(begun, 'message');
  return begun;
}

async function end(): Promise<void> {
  if (reader.exitCode !== null || reader.signalCode !== null) return;
  const exited = once(reader, 'exit');
  reader.kill('SIGKILL');
  await exited;
}

function ask(sample: number, seed: number): Promise<Answer> {
  return new Promise((resolve) => {
    const take = (answer: Answer): void => {
      clearTimeout(timer);
      reader.off('message', take).off('exit', fail);
      resolve(answer);
    };
    const fail = (code: number | null, signal: string | null): void =>
      take({ error: `its process ended with ${signal ?? code}: see above`, rss: 0 });
    const timer = setTimeout(() => take({ error: `no answer in ${PATIENCE_MS} ms`, rss: 0 }), PATIENCE_MS);
    reader.once('message', take);
    reader.once('exit', fail);
    reader.send({ sample, seed });
  });
}

let seed = firstSeed;
let peakBytes = 0;
for (; performance.now() - start < seconds * 1000; seed++) {
  const sample = seed % names.length;
  const answer = await ask(sample, seed);
  const { rss } = answer;
  peakBytes = Math.max(peakBytes, rss);
  if ('outcome' in answer) counts[answer.outcome]++;
  if ('error' in answer || rss > MAX_PROCESS_BYTES) {
    counts.failed++;
    console.log(`${names[sample]} seed ${seed}: ${'error' in answer ? answer.error : `the process has ${rss} bytes`}`);
    await end();
    reader = await begin();
  }
}
await end();
console.log(JSON.stringify({ seeds: seed - firstSeed, ...counts, peakMiB: Math.round(peakBytes / 2 ** 20) }));
process.exitCode = counts.failed === 0 ? 0 : 1;
