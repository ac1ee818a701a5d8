/**
 * The first of two passes over a source: which rows stay, which classes there are, which split every row goes to.
 * It holds some bytes for a row, never its text; prepare.ts makes the second pass.
 */
import type { Job, Task } from '../job/schema.js';
import { workAhead } from './ahead.js';
import type { ByteSource } from './byte-source.js';
import { classCollector, strataOf, type ClassSets } from './class-sets.js';
import { cleaner, type CleaningReport } from './clean.js';
import { contentOrder } from './content-key.js';
import { DataError } from './data-error.js';
import type { FeatureColumns } from './features/columns.js';
import { featureSurvey } from './features/survey.js';
import { growingArray } from './growing-array.js';
import { DECODED_AT_ONCE, faultOf } from './images.js';
import { labelMap } from './labels.js';
import { columnPicker } from './pick-columns.js';
import { readRows, type SourceFormat } from './readers/read-rows.js';
import type { Row } from './readers/row.js';
import { requireRowsEverywhere } from './require-rows.js';
import { splitByFractions, splitOfCell, splits } from './split.js';
import { targetOf } from './targets.js';
import { unreadableImages, type UnreadableReport } from './unreadable.js';

/** What `part` holds for a row that is left out; other values are indices into `splits`. */
export const DROPPED = 255;

export interface DatasetPlan {
  readonly columns: readonly string[];
  /** Class names; the index is the class. None where no classes are learnt. */
  readonly labels: readonly string[];
  readonly rowsRead: number;
  readonly cleaning: CleaningReport;
  readonly unreadable: UnreadableReport;
  /** For each row read, in order: its split or DROPPED. */
  readonly part: Uint8Array;
  /** rows[split] */
  readonly rows: readonly number[];
  /** rowsPerClass[split][class]: rows that have the class, or a word of that tag. */
  readonly rowsPerClass: readonly (readonly number[])[];
  /** Of the numbers to predict, values[split]; null where none are. */
  readonly values: readonly { readonly min: number; readonly max: number }[] | null;
  /** Of tables. */
  readonly features: FeatureColumns | null;
}

export interface PlanInput {
  readonly source: ByteSource;
  readonly format?: SourceFormat;
  readonly job: Job;
  readonly signal?: AbortSignal;
}

/** @throws DataError with the first thing that is wrong with the source. */
export async function planDataset({ source, format, job, signal }: PlanInput): Promise<DatasetPlan> {
  const picker = columnPicker(job, source.name);
  const clean = cleaner(job.data.clean);
  const target = targetOf(job);
  const { split } = job.data;
  const part = growingArray((length) => new Uint8Array(length));
  const order = growingArray((length) => new Float64Array(length));
  const numbers = growingArray((length) => new Float64Array(length));
  const classes = classCollector();
  const survey = job.task.startsWith('tabular') ? featureSurvey(job.data, source.name) : null;
  const unreadable = unreadableImages(source.name);
  let images = 0;

  for await (const { row, fault } of checkedRows(readRows(source, format))) {
    if (row.number % (row.image ? 64 : 4096) === 0) signal?.throwIfAborted();
    const example = picker.pick(row);
    let keeps = clean.keeps(example);
    if (keeps && row.image) {
      images++;
      keeps = fault === null;
      if (fault !== null) unreadable.add(example.place, fault);
    }
    if (keeps && example.input.kind === 'features') survey?.add(example.input.cells, example.place);
    classes.add(keeps ? example.target.names : []);
    if (target === 'value') numbers.push(example.target.value);
    const named =
      keeps && 'column' in split ? splits.indexOf(splitOfCell(example.split!, split.column, example.place)) : 0;
    part.push(keeps ? named : DROPPED);
    if (!('column' in split)) order.push(keeps ? contentOrder(job.seed, example.content) : 0);
  }
  const parts = part.view();
  if (parts.length === 0) throw new DataError(`${source.name}: expected rows, found none`);
  picker.requireColumns();
  const unreadableReport = unreadable.report(images);
  const features = survey?.decide() ?? null;
  requireAny(parts, job.task, source.name);

  const map = labelMap(classes.rowsPerLabel, { target, column: job.data.label, sourceName: source.name });
  const sets = classes.finish(map);
  if (!('column' in split)) placeByFractions(parts, order.view(), strataOf(sets, map.size), split);
  const rows = splits.map((_, index) => parts.reduce((sum, part) => sum + Number(part === index), 0));
  const rowsPerClass = countClasses(parts, sets, map.size);
  const labels = [...map.keys()];
  requireRowsEverywhere({ rows, rowsPerClass, labels, sourceName: source.name, split });
  return {
    columns: [...picker.columns],
    labels,
    rowsRead: parts.length,
    cleaning: { ...clean.report },
    unreadable: unreadableReport,
    part: parts,
    rows,
    rowsPerClass,
    values: target === 'value' ? splits.map((_, index) => rangeOf(numbers.view(), parts, index)) : null,
    features,
  };
}

/** Rows with what is wrong with their image: it is decoded whole, because a file that is cut short shows it nowhere else. */
const checkedRows = (rows: AsyncIterable<Row>): AsyncGenerator<{ row: Row; fault: string | null }> =>
  workAhead(rows, DECODED_AT_ONCE, async (row) => ({ row, fault: row.image ? await faultOf(row.image) : null }));

function requireAny(parts: Uint8Array, task: Task, sourceName: string): void {
  if (parts.some((part) => part !== DROPPED)) return;
  const expected: Record<Task, string> = {
    'text-classification': 'a text and a label',
    'token-classification': 'words and tags',
    'causal-lm': 'a text',
    'image-classification': 'an image and a label',
    'tabular-classification': 'features and a label',
    'tabular-regression': 'features and a number to predict',
  };
  throw new DataError(`${sourceName}: expected rows with ${expected[task]}, found none among ${parts.length} rows`);
}

function placeByFractions(
  part: Uint8Array,
  order: Float64Array,
  group: Int32Array,
  fractions: { validation: number; test: number; stratify: boolean },
): void {
  const kept = Uint32Array.from({ length: part.length }, (_, row) => row).filter((row) => part[row] !== DROPPED);
  const placed = splitByFractions(
    { order: Float64Array.from(kept, (row) => order[row]!), group: Int32Array.from(kept, (row) => group[row]!) },
    fractions,
  );
  kept.forEach((row, index) => (part[row] = placed[index]!));
}

function countClasses(part: Uint8Array, sets: ClassSets, classes: number): number[][] {
  const counts = splits.map(() => new Array<number>(classes).fill(0));
  part.forEach((split, row) => {
    if (split !== DROPPED) for (const label of sets.of(row)) counts[split]![label]!++;
  });
  return counts;
}

function rangeOf(values: Float64Array, parts: Uint8Array, split: number): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity];
  values.forEach((value, row) => {
    if (parts[row] !== split) return;
    min = Math.min(min, value);
    max = Math.max(max, value);
  });
  return { min, max };
}
