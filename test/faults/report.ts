import { describeBench } from '../../bench/machine.js';
import { tableOf, type Summary } from './results.js';

const introduction = `# What was survived

\`npm run faults\` does these tries and writes this page (docs/faults.md). Each try is a run that is hurt; *survived* means that it ended by
itself, with the bits of the run that nobody touched, and that the auditor, which looks at the bucket after every request, found a
checkpoint that verifies at every look. Lost steps are those trained again. Recovery is the wall time over that of the run that nobody
touched, time-outs and restarts included. Both: median (most). Tries: done, of those that make the row whole.
`;

export async function reportOf(summaries: readonly Summary[], seed: number): Promise<string> {
  const machine = (await describeBench(false)).join('\n');
  return `${introduction}\nSeed ${seed}. ${machine}\n\n${tableOf(summaries)}\n`;
}
