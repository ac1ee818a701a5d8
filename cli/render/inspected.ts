import type { ColumnProfile } from '../../data/inspect/column-profile.js';
import type { DataReport } from '../../data/inspect/report.js';
import { renderTable } from './table.js';
import { count, counted, size } from './units.js';

const SHOWN_CLASSES = 30;
const SHOWN_COLUMNS = 60;
const SHOWN_EXAMPLES = 6;
const LINE = 100;

/** What `temper data inspect` prints. */
export function renderInspected(report: DataReport): string[] {
  const { columns, classes, problems, examples, badRows } = report;
  return [
    ...facts(report),
    '',
    ...columnTable(columns.slice(0, SHOWN_COLUMNS)),
    ...(columns.length > SHOWN_COLUMNS ? [`and ${counted(columns.length - SHOWN_COLUMNS, 'column')} more`] : []),
    ...(classes === null ? [] : ['', ...classTable(classes, report.rows)]),
    ...(badRows.count === 0 ? [] : ['', 'CANNOT BE READ', ...badRows.first.map(safe)]),
    '',
    'EXAMPLES',
    ...examples.slice(0, SHOWN_EXAMPLES).map(({ label, text }) => cut(`${label === null ? '' : `${label}: `}${text}`)),
    '',
    problems.length === 0 ? 'Nothing looks wrong.' : 'WHAT LOOKS WRONG',
    ...problems.map(({ column, message }) => safe(`- ${column === null ? '' : `${column}: `}${message}`)),
    '',
    'A JOB FOR IT (temper run job.yaml)',
    ...report.job.trimEnd().split('\n').map(safe),
  ];
}

function facts({ source, files, bytes, rows, badRows, images, roles, duplicates }: DataReport): string[] {
  const role = (name: string, column: string | null) => (column === null ? [] : [`${name} ${column}`]);
  const learnt = [
    ...role('text', roles.text),
    ...role('words', roles.words),
    ...role('image', roles.image),
    ...(roles.text === null && roles.image === null && roles.words === null
      ? [counted(roles.features.length, 'feature')]
      : []),
    ...role('label', roles.label),
    ...role('split', roles.split),
  ];
  const { exact, exactOf, near, nearOf } = duplicates;
  const list: [string, string][] = [
    ['source', `${source}${files > 1 ? ` (${count(files)} files)` : ''}, ${size(bytes)}`],
    ['rows', `${count(rows)}${badRows.count > 0 ? `, and ${count(badRows.count)} that cannot be read` : ''}`],
    ...(images === null ? [] : [['images', decodedText(images)] as [string, string]]),
    ['looks like', `${roles.task}: ${learnt.join(', ')}`],
    [
      'duplicates',
      `${count(exact)} of ${counted(exactOf, 'row')}${nearOf > 0 ? `; nearly the same: ${count(near)} of ${nearOf < rows ? 'the first ' : ''}${count(nearOf)}` : ''}`,
    ],
  ];
  return list.map(([name, value]) => safe(`${name.padEnd(10)}  ${value}`));
}

/** How many images were looked at. */
export const decodedText = ({ decoded, of }: NonNullable<DataReport['images']>): string =>
  decoded === of
    ? `looked at all ${count(of)}`
    : `looked at the first ${count(decoded)} of ${count(of)}: whether the others can be decoded is not known`;

const columnTable = (columns: readonly ColumnProfile[]): string[] =>
  renderTable(
    [
      { title: 'COLUMN', value: ({ name }) => cut(name, 30) },
      { title: 'TYPE', value: ({ type }) => type },
      { title: 'MISSING', right: true, value: ({ missing }) => (missing === 0 ? '' : count(missing)) },
      { title: 'DIFFERENT', right: true, value: ({ distinct, atLeast }) => `${atLeast ? '>' : ''}${count(distinct)}` },
      { title: 'VALUES', value: (column) => cut(valuesText(column), 60) },
    ],
    columns,
  );

export function valuesText({ numbers, lengths, top, type }: ColumnProfile): string {
  if (numbers !== null) return `${figure(numbers.min)} to ${figure(numbers.max)}, mean ${figure(numbers.mean)}`;
  if ((type === 'texts' || type === 'lists') && lengths !== null) {
    const unit = type === 'lists' ? 'entries' : 'words';
    return `half up to ${lengths.median} ${unit}, 95 % up to ${lengths.p95}, the longest ${lengths.max}`;
  }
  return top.map(({ value, rows }) => `${value} (${count(rows)})`).join(', ');
}

const figure = (value: number): string => String(Number(value.toPrecision(4)));

function classTable(classes: NonNullable<DataReport['classes']>, rows: number): string[] {
  const most = classes[0]?.rows ?? 1;
  const table = renderTable(
    [
      { title: 'CLASS', value: ({ name }) => cut(name === '' ? '(empty)' : name, 40) },
      { title: 'ROWS', right: true, value: ({ rows }) => count(rows) },
      { title: 'SHARE', right: true, value: (one) => `${((100 * one.rows) / rows).toFixed(1)} %` },
      { title: '', value: ({ rows }) => '▇'.repeat(Math.max(1, Math.round((20 * rows) / most))) },
    ],
    classes.slice(0, SHOWN_CLASSES),
  );
  return classes.length > SHOWN_CLASSES ? [...table, `and ${count(classes.length - SHOWN_CLASSES)} more`] : table;
}

/** One line, and nothing in it that a terminal would obey. */
// eslint-disable-next-line no-control-regex
const safe = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');

const cut = (text: string, length = LINE): string => {
  const line = safe(text);
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
};
