import { quotedList } from '../../job/nearest.js';
import { spellingGroups } from '../cleaning/label-spelling.js';
import { splits } from '../split.js';
import type { ColumnProfile } from './column-profile.js';
import type { DataReport, Problem } from './report.js';

/** Below this many rows of a class there is hardly anything to learn, or to measure. */
const FEW_ROWS = 10;
const IMBALANCE = 20;
const LONG_TEXT_WORDS = 400;
const MANY_MISSING = 0.2;

export interface Found extends Omit<DataReport, 'problems' | 'job' | 'thumbnails'> {
  readonly labelIsText: number;
  /** Columns whose every value goes with one label. */
  readonly telling: readonly string[];
}

/** What is probably not meant, each with what to do. */
export function problemsOf(found: Found): Problem[] {
  return [
    ...badRowProblems(found),
    ...found.columns.flatMap((column) => columnProblems(column, found)),
    ...labelProblems(found),
    ...splitProblems(found),
    ...leaks(found),
    ...duplicateProblems(found),
  ];
}

const about = (column: string | null, message: string): Problem => ({ column, message });
const rowsOf = (count: number): string => `${count.toLocaleString('en-US')} ${count === 1 ? 'row' : 'rows'}`;
const ofRows = (count: number, whole: number): string => `${count.toLocaleString('en-US')} of ${rowsOf(whole)}`;
const share = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;

function badRowProblems({ badRows, rows }: Found): Problem[] {
  if (badRows.count === 0) return [];
  const part = share(badRows.count, badRows.count + rows);
  return [about(null, `${rowsOf(badRows.count)} (${part}) cannot be read: ${badRows.first.slice(0, 3).join('; ')}`)];
}

function columnProblems(
  { name, type, filled, missing, distinct, atLeast, lengths }: ColumnProfile,
  found: Found,
): Problem[] {
  const problems: Problem[] = [];
  const { roles, rows } = found;
  if (type === 'nothing') return [about(name, 'is empty in every row: leave it out')];
  const isUsed = roles.features.includes(name) && roles.task.startsWith('tabular');
  if (distinct === 1 && !atLeast && missing === 0 && rows > 1 && (isUsed || name === roles.label))
    problems.push(
      about(
        name,
        `has the same value in every row: there is nothing to learn ${name === roles.label ? '' : 'from it'}`.trim(),
      ),
    );
  if (missing > 0 && (name === roles.label || name === roles.text))
    problems.push(
      about(name, `is empty in ${rowsOf(missing)} (${share(missing, rows)}): clean.dropEmpty leaves them out`),
    );
  else if (missing > MANY_MISSING * rows && isUsed)
    problems.push(
      about(
        name,
        `is empty in ${share(missing, rows)} of the rows: what stands in for a gap is clean.missing's to say`,
      ),
    );
  if (name === roles.text && (lengths?.p95 ?? 0) > LONG_TEXT_WORDS)
    problems.push(
      about(
        name,
        `one text in twenty has more than ${lengths!.p95} words, the longest ${lengths!.max}: what is beyond data.maxLength tokens is cut`,
      ),
    );
  if (name === roles.text && filled > 0 && lengths !== null && lengths.median === 0)
    problems.push(about(name, 'half of the texts have no word'));
  return problems;
}

function labelProblems({ classes, roles, columns, rows }: Found): Problem[] {
  const { label } = roles;
  if (classes === null || label === null || roles.task === 'tabular-regression') return [];
  const problems: Problem[] = [];
  const sorted = [...classes].sort((a, b) => b.rows - a.rows);
  if (classes.length === 1) return [about(label, 'has one class only: nothing to tell apart')];
  const profile = columns.find(({ name }) => name === label);
  if (classes.length > Math.max(50, rows / 5) || (profile?.atLeast ?? false))
    problems.push(
      about(label, `has ${classes.length} classes in ${rowsOf(rows)}: is it the label, or an id or a text?`),
    );
  for (const group of spellingGroups(new Map(classes.map(({ name, rows }) => [name, rows])))) {
    problems.push(
      about(label, `spells one class in several ways: ${quotedList([...namesOf(group)])}; clean.labels can merge them`),
    );
  }
  const few = sorted.filter(({ rows }) => rows < FEW_ROWS);
  if (few.length > 0 && few.length < classes.length) {
    const names = quotedList(few.slice(-3).map(({ name }) => name));
    problems.push(
      about(
        label,
        `${few.length === 1 ? 'a class has' : `${few.length} classes have`} fewer than ${FEW_ROWS} rows, such as ${names}: hardly anything to learn or measure`,
      ),
    );
  }
  const [most, least] = [sorted[0]!, sorted.at(-1)!];
  if (most.rows >= IMBALANCE * least.rows)
    problems.push(
      about(
        label,
        `\`${most.name}\` has ${Math.round(most.rows / least.rows)} times the rows of \`${least.name}\`: data.balance can even them out`,
      ),
    );
  return problems;
}

/** Whether a column says train, validation and test, all three: a job cannot do with fewer. */
export const saysAllSplits = ({ roles, columns }: Pick<Found, 'roles' | 'columns'>): boolean =>
  columns.find(({ name }) => name === roles.split)?.distinct === splits.length;

function splitProblems(found: Found): Problem[] {
  const { split } = found.roles;
  if (split === null || saysAllSplits(found)) return [];
  const said = found.columns.find(({ name }) => name === split)!.top.map(({ value }) => value);
  const lacks = splits.filter((name) => !said.includes(name));
  const message = `says no ${lacks.join(' and no ')} rows: a job that splits by it is refused, and the one below divides all rows anew`;
  return [about(split, message)];
}

function leaks({ telling, labelIsText, roles, rows }: Found): Problem[] {
  const problems = telling.map((name) =>
    about(
      name,
      `tells the label \`${roles.label}\` in every row: known only afterwards? If so, leave it out of data.features`,
    ),
  );
  if (labelIsText > rows / 100)
    problems.push(about(roles.text, `is the label itself in ${share(labelIsText, rows)} of the rows`));
  return problems;
}

function duplicateProblems({ duplicates, roles }: Found): Problem[] {
  const { exact, exactOf, contradictions, near, nearOf, nearExamples } = duplicates;
  const problems: Problem[] = [];
  if (exact > 0)
    problems.push(
      about(
        null,
        `${ofRows(exact, exactOf)} (${share(exact, exactOf)}) ${exact === 1 ? 'was' : 'were'} seen before: clean.dropDuplicates leaves ${exact === 1 ? 'it' : 'them'} out`,
      ),
    );
  if (contradictions > 0 && roles.label !== null)
    problems.push(
      about(roles.label, `contradicts itself in ${rowsOf(contradictions)}: the same content has another label`),
    );
  if (near > nearOf / 200) {
    const [pair] = nearExamples;
    const example = pair === undefined ? '' : `, such as ${pair[1]} of ${pair[0]}`;
    problems.push(
      about(
        roles.text,
        `${ofRows(near, nearOf)} are nearly the same as one before${example}: in two splits they flatter the metrics; clean.nearDuplicates leaves them out`,
      ),
    );
  }
  return problems;
}

const namesOf = (group: ReturnType<typeof spellingGroups>[number]): readonly string[] => [
  group.name,
  ...group.variants,
];
