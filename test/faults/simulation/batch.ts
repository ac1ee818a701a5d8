/** Many seeds in a process of its own: `node dist/test/faults/simulation/batch.js FROM COUNT [trace]`. One line of JSON. */
import { simulate } from './simulate.js';

const [from = 0, count = 1] = process.argv.slice(2, 4).map(Number);
const started = performance.now();
let requests = 0;
const seen: Record<string, number> = {};
const broken: { seed: number; problems: readonly string[] }[] = [];
for (let seed = from; seed < from + count; seed++) {
  const simulated = await simulate(seed);
  requests += simulated.requests;
  for (const [what, times] of simulated.seen) seen[what] = (seen[what] ?? 0) + times;
  if (process.argv[4] === 'trace') process.stderr.write(`${simulated.trace.join('\n')}\n`);
  if (simulated.problems.length > 0) broken.push({ seed, problems: simulated.problems });
}
const seconds = (performance.now() - started) / 1000;
process.stdout.write(
  `${JSON.stringify({ from, count, requests, seconds, seen, broken: broken.slice(0, 20), brokenSeeds: broken.length })}\n`,
);
