import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../infra/parts/root.mjs';
import type { Measured } from './interleave.js';

const INTRODUCTION = `# Results

Each section is the latest run of \`npm run bench -- NAME\`, which replaces it. Ratios compare what ran in turn in that
one run; compare milliseconds of different machines with nothing.
`;

/** A ratio or figure with the limit it is held to, if there is one. */
export interface Budgeted {
  readonly what: string;
  readonly value: number;
  /** null: shown for information. */
  readonly budget: number | null;
  /** Whether larger values are better; else smaller. */
  readonly atLeast?: boolean;
  /** The same of the fastest step of each, for information. */
  readonly fastest?: number;
}

export const isMet = ({ value, budget, atLeast = false }: Budgeted): boolean =>
  budget === null || (atLeast ? value >= budget : value <= budget);

/** A sentence about each budget that was missed. */
export const missedBudgets = (all: readonly Budgeted[]): string[] =>
  all
    .filter((each) => !isMet(each))
    .map(
      ({ what, value, budget, atLeast }) =>
        `${what} is ${value.toFixed(3)}, budget at ${atLeast ? 'least' : 'most'} ${budget}`,
    );

const verdict = (each: Budgeted): string => (each.budget === null ? '' : isMet(each) ? 'met' : 'MISSED');

export function budgetTable(all: readonly Budgeted[]): string {
  const withFastest = all.some(({ fastest }) => fastest !== undefined);
  return table(
    ['what', 'measured', ...(withFastest ? ['fastest'] : []), 'budget', ''],
    all.map((each) => [
      each.what,
      each.value.toFixed(3),
      ...(withFastest ? [each.fastest?.toFixed(3) ?? ''] : []),
      each.budget === null ? '' : `${each.atLeast ? 'at least' : 'at most'} ${each.budget}`,
      verdict(each),
    ]),
  );
}

/** A Markdown table, padded so that it reads as text too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** How long a step of each took. */
export const stepRows = (measured: readonly Measured[]): string =>
  table(
    ['what', 'work', 'median', 'min', 'max'],
    measured.map(({ peer, work, medianMs, minMs, maxMs }) => [
      ...[peer, work],
      ...[medianMs, minMs, maxMs].map((ms) => ms.toFixed(1)),
    ]),
  );

/** Puts `body` in the place of the section `name` of bench/RESULTS.md; returns the file's path. */
export function writeSection(name: string, body: string): string {
  const path = join(repositoryRoot(), 'bench', 'RESULTS.md');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : INTRODUCTION;
  const [introduction = '', ...sections] = before.split(/^(?=## )/m);
  const others = sections.filter((section) => !section.startsWith(`## ${name}\n`));
  const all = [...others, `## ${name}\n\n${body}\n`].sort();
  writeFileSync(path, [introduction.trimEnd(), ...all.map((section) => section.trimEnd())].join('\n\n') + '\n');
  return path;
}
