/** `npm run faults`: hurts Temper on purpose and prints what it survived. See docs/faults.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { nearest, quotedList } from '../../job/nearest.js';
import { inLanes } from './lanes.js';
import { reportOf } from './report.js';
import { Results, summaryOf } from './results.js';
import type { Row } from './row.js';
import { rows } from './rows/index.js';

function rowCalled(name: string, before: readonly Row[] = []): Row[] {
  const found = rows.find((row) => row.name === name);
  if (found) return [...before, found];
  const names = rows.map((row) => row.name);
  const meant = nearest(name, names);
  throw new InvalidArgumentError(meant ? `Did you mean \`${meant}\`?` : `There are ${quotedList(names)}.`);
}

const whole =
  (from: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= from) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${from} on.`);
  };

interface Options {
  readonly only?: Row[];
  readonly tries?: number;
  readonly seed: number;
  readonly lanes: number;
  readonly minutes?: number;
  readonly nightly: boolean;
  readonly from: number;
  readonly again: boolean;
  readonly json: boolean;
}

const say = (line: string) => void process.stderr.write(`${line}\n`);

await new Command('npm run faults --')
  .description('Hurts runs on purpose, compares what comes out bit by bit, and prints the table.')
  .option('--only <row>', 'only this row; may be given more than once', rowCalled)
  .option('--tries <count>', 'this many tries of each row (default: as many as make it whole)', whole(1))
  .option('--seed <seed>', 'the same seed gives the same faults', whole(0), 1)
  .option('--lanes <count>', 'worlds side by side; each takes about a core and 1.5 GB', whole(1), 2)
  .option('--minutes <count>', 'begin no try after this; the next call goes on with the rest', whole(1))
  .option('--nightly', 'a million seeds of the simulation: some four hours on one core', false)
  .option('--from <number>', 'only tries of this number and later ones; the first is 0', whole(0), 0)
  .option('--again', 'forget the tries of these rows that were done before', false)
  .option('--json', 'the table as JSON on stdout', false)
  .addHelpText('after', `\nRows:\n${rows.map(({ name, title }) => `  ${name.padEnd(18)}${title}`).join('\n')}`)
  .showHelpAfterError('(`--help` lists the rows)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(async ({ only = [...rows], tries, seed, lanes, minutes, nightly, from, again, json }: Options) => {
    const results = new Results(join(repositoryRoot(), '.faults', `seed-${seed}.jsonl`));
    if (again) results.forget(only.map(({ name }) => name));
    const until = minutes === undefined ? Infinity : performance.now() + minutes * 60_000;
    const tried = new Set<string>();
    let interrupted = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (interrupted) process.exit(1);
        interrupted = true;
        say('Ending after the tries under way; again: at once.');
      });
    await inLanes(only, {
      seed,
      lanes,
      isOver: () => interrupted || performance.now() > until,
      numbers: ({ name, ...row }, unlessNightly) => {
        const whole = (nightly ? row.nightly : undefined) ?? unlessNightly;
        if (results.wholeOf(name) !== whole) results.add({ row: name, whole });
        const all = Array.from({ length: whole }, (_, number) => number).slice(from);
        return all.slice(0, tries).filter((number) => !results.has(name, number));
      },
      done: (row, number, outcome) => {
        tried.add(row.name);
        const { what, faults, problems, lostSteps, extraSeconds } = outcome;
        results.add({ row: row.name, number, what, faults, problems, lostSteps, extraSeconds });
        say(
          `${row.name} ${number}: ${what}: ${problems.length === 0 ? 'survived' : `NOT SURVIVED: ${problems.join('; ')}`}`,
        );
      },
    });
    const summaries = rows.map((row) => summaryOf(row, results)).filter(({ tries }) => tries > 0);
    const path = join(repositoryRoot(), 'test', 'faults', 'RESULTS.md');
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const report = await reportOf({ summaries, tried: [...tried], seed, before });
    writeFileSync(path, report);
    process.stdout.write(json ? `${JSON.stringify(summaries, null, 2)}\n` : report);
    say(`Kept in ${path}.`);
    if (summaries.some(({ survived, tries }) => survived < tries)) process.exitCode = 1;
  })
  .parseAsync();
process.exit();
