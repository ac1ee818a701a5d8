import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeBench } from '../../bench/machine.js';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { cellsOf, tableOf, type Summary } from './results.js';
import { rows } from './rows/index.js';

const introduction = `# What was survived

\`npm run faults\` does these tries and writes this page (docs/faults.md). Each try is a run that is hurt; *survived* means that it ended by
itself, with the bits of the run that nobody touched, and that the auditor, which looks at the bucket after every request that may have
changed it, found a checkpoint that verifies at every look. Rows without a recovery time hurt no run: they read what was damaged, prepare data,
or do the protocol in small. Lost steps are those trained again. Recovery is the wall time over that of the run that nobody touched, time-outs
and restarts included. Both: median (most). Tries: done, of those that make the row whole.
`;

/**
 * The page of these tries. Rows of the page before that have more tries than are known here stay as they are: they were done in
 * another checkout or on another machine, and a line for each such machine says which.
 */
export async function reportOf({ seed, ...of }: Omit<Page, 'here'> & { readonly seed: number }): Promise<string> {
  const here = [`Seed ${seed}. ${(await describeBench(false)).join('\n')}`, ...(await codeOf())];
  return pageOf({ ...of, here: here.join('\n') });
}

/** Which code it was, where git knows. */
const codeOf = (): Promise<string[]> =>
  promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'], { cwd: repositoryRoot() }).then(
    ({ stdout }) => [`Code of ${stdout.trim()}`],
    () => [],
  );

export interface Page {
  /** Of all tries that are known here. */
  readonly summaries: readonly Summary[];
  /** Names of the rows that were tried now. */
  readonly tried: readonly string[];
  /** Seed, day and machine of now. */
  readonly here: string;
  /** The page as it was. */
  readonly before: string;
}

export function pageOf({ summaries, tried, here, before }: Page): string {
  const kept = rowsOf(before).filter(({ name, tries }) => {
    const known = summaries.find((summary) => summary.name === name)?.tries ?? 0;
    return rows.some((row) => row.name === name) && (tried.includes(name) ? known < tries : known <= tries);
  });
  const lines = rows.flatMap(({ name }) => {
    const old = kept.find((each) => each.name === name);
    const known = summaries.find((summary) => summary.name === name);
    return old ? [old.cells] : known ? [cellsOf(known)] : [];
  });
  const elsewhere = new Map<string, string[]>();
  for (const { name, where } of kept) {
    if (where !== here) elsewhere.set(where, [...(elsewhere.get(where) ?? []), `\`${name}\``]);
  }
  const notes = [...elsewhere].map(([where, names]) => `Earlier (${names.join(', ')}): ${where}`);
  const ofHere = lines.length > kept.length || kept.some(({ where }) => where === here) ? [here] : [];
  return [introduction, ...[...ofHere, ...notes].map((note) => `${note}\n`), `${tableOf(lines)}\n`].join('\n');
}

/** The rows of a page, each with the paragraph about seed and machine that it belongs to. */
function rowsOf(page: string) {
  const paragraphs = [...page.matchAll(/^(?:Earlier \((.*)\): )?(Seed \d+\. [^]*?)(?=\n\n)/gm)].map(
    ([, names, where]) => ({
      names: names?.replaceAll('`', '').split(', ') ?? null,
      where: where!,
    }),
  );
  const whereOf = (name: string) =>
    (paragraphs.find(({ names }) => names?.includes(name)) ?? paragraphs.find(({ names }) => names === null))?.where ??
    '';
  return [...page.matchAll(/^\|.*?\| `([a-z0-9-]+)` +\| (\d+) of .*$/gm)].map(([line, name, tries]) => ({
    name: name!,
    tries: Number(tries),
    where: whereOf(name!),
    cells: line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  }));
}
