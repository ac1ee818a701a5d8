import { describeBench } from '../../bench/machine.js';
import { cellsOf, tableOf, type Summary } from './results.js';
import { rows } from './rows/index.js';

const introduction = `# What was survived

\`npm run faults\` does these tries and writes this page (docs/faults.md). Each try is a run that is hurt; *survived* means that it ended by
itself, with the bits of the run that nobody touched, and that the auditor, which looks at the bucket after every request, found a
checkpoint that verifies at every look. Lost steps are those trained again. Recovery is the wall time over that of the run that nobody
touched, time-outs and restarts included. Both: median (most). Tries: done, of those that make the row whole.
`;

/**
 * The page of these tries. Rows of the page before that have more tries than are known here stay as they are, and a line says so: they were
 * done in another checkout or on another machine.
 */
export async function reportOf(summaries: readonly Summary[], seed: number, before: string): Promise<string> {
  const machine = (await describeBench(false)).join('\n');
  const earlier = [...before.matchAll(/^\|.*?\| `([a-z0-9-]+)` +\| (\d+) of .*$/gm)].map(([line, name, tries]) => ({
    ...{ name: name!, tries: Number(tries) },
    cells: line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  }));
  const kept = earlier.filter(({ name, tries }) => {
    const here = summaries.find((summary) => summary.name === name);
    return (here?.tries ?? 0) < tries && rows.some((row) => row.name === name);
  });
  const lines = rows.flatMap(({ name }) => {
    const old = kept.find((each) => each.name === name);
    const here = summaries.find((summary) => summary.name === name);
    return old ? [old.cells] : here ? [cellsOf(here)] : [];
  });
  const where = /^Seed \d+\. [^]*?(?=\n\n\|)/m.exec(before)?.[0];
  const names = kept.map(({ name }) => `\`${name}\``).join(', ');
  const note = kept.length > 0 && where ? `\n\nEarlier (${names}): ${where}` : '';
  return `${introduction}\nSeed ${seed}. ${machine}${note}\n\n${tableOf(lines)}\n`;
}
