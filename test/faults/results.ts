/** What was tried so far, row by row: kept beside the checkout's other output, so that a table can be filled in several goes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { table } from '../../bench/results.js';
import type { Row, Try } from './row.js';

export interface Kept extends Try {
  readonly row: string;
  readonly number: number;
}

/** How many tries make a row whole, where only its scene could say: twice its protocol points, for one. */
interface Whole {
  readonly row: string;
  readonly whole: number;
}

/** One JSON object a line: a try that ended is there, whatever dies after it. */
export class Results {
  private lines: (Kept | Whole)[];

  constructor(readonly path: string) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    this.lines = text
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Kept | Whole);
  }

  private get tries(): Kept[] {
    return this.lines.filter((line): line is Kept => 'number' in line);
  }

  of(row: string): Kept[] {
    return this.tries.filter((each) => each.row === row);
  }

  has(row: string, number: number): boolean {
    return this.tries.some((each) => each.row === row && each.number === number);
  }

  /** What makes the row whole, as its scene said last; undefined: it has not been asked. */
  wholeOf(row: string): number | undefined {
    return this.lines.findLast((line): line is Whole => 'whole' in line && line.row === row)?.whole;
  }

  forget(rows: readonly string[]): void {
    this.lines = this.lines.filter(({ row }) => !rows.includes(row));
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, this.lines.map((each) => `${JSON.stringify(each)}\n`).join(''));
  }

  add(line: Kept | Whole): void {
    this.lines.push(line);
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, `${JSON.stringify(line)}\n`, { flag: 'a' });
  }
}

export interface Summary {
  readonly fault: string;
  readonly name: string;
  readonly unit: string;
  readonly tries: number;
  /** What makes the row whole; before its scene was asked, about. */
  readonly whole: number;
  readonly faults: number;
  readonly survived: number;
  readonly lostSteps: { readonly median: number; readonly most: number };
  readonly recoverySeconds: { readonly median: number; readonly most: number } | null;
}

export function summaryOf({ name, title, unit, tries: about }: Row, results: Results): Summary {
  const tries = results.of(name);
  const seconds = tries.flatMap(({ extraSeconds }) => (extraSeconds === null ? [] : [extraSeconds]));
  return {
    fault: title,
    name,
    unit,
    tries: tries.length,
    whole: results.wholeOf(name) ?? about,
    faults: tries.reduce((sum, { faults }) => sum + faults, 0),
    survived: tries.filter(({ problems }) => problems.length === 0).length,
    lostSteps: spread(tries.map(({ lostSteps }) => lostSteps)),
    recoverySeconds: seconds.length > 0 ? spread(seconds) : null,
  };
}

function spread(values: readonly number[]): { median: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? 0, most: sorted.at(-1) ?? 0 };
}

export const tableOf = (rows: readonly (readonly string[])[]): string =>
  table(['fault', 'row', 'tries', 'faults', 'survived', 'lost steps', 'recovery, s'], rows);

export function cellsOf({ fault, name, unit, tries, whole, faults, survived, lostSteps, ...rest }: Summary): string[] {
  const { recoverySeconds: recovery } = rest;
  return [
    ...[fault, `\`${name}\``, `${tries} of ${Math.max(whole, tries)}`, `${faults} × ${unit}`],
    `${survived}${survived < tries ? ' (!)' : ''}`,
    `${lostSteps.median} (${lostSteps.most})`,
    recovery ? `${recovery.median.toFixed(1)} (${recovery.most.toFixed(1)})` : '',
  ];
}
