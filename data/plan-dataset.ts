/**
 * The first of two passes over a source: which rows stay, which classes there are, which split every row goes to.
 * It holds some bytes for a row, never its text; prepare.ts makes the second pass.
 */
import type { Job } from '../job/schema.js';
import type { ByteSource } from './byte-source.js';
import { cleaner, type CleaningReport } from './clean.js';
import { contentOrder } from './content-key.js';
import { DataError } from './data-error.js';
import { growingArray } from './growing-array.js';
import { labelMap } from './labels.js';
import { columnPicker } from './pick-columns.js';
import { readRows, type SourceFormat } from './readers/read-rows.js';
import { requireRowsEverywhere } from './require-rows.js';
import { splitByFractions, splitOfCell, splits } from './split.js';

/** What `part` holds for a row that is left out; other values are indices into `splits`. */
export const DROPPED = 255;

export interface DatasetPlan {
  readonly columns: readonly string[];
  /** Class names; the index is the class. */
  readonly labels: readonly string[];
  readonly rowsRead: number;
  readonly cleaning: CleaningReport;
  /** For each row read, in order: its split or DROPPED, and its class (of rows that stay). */
  readonly part: Uint8Array;
  readonly label: Int32Array;
  /** rowsPerClass[split][class] */
  readonly rowsPerClass: readonly (readonly number[])[];
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
  const clean = cleaner(job.data.clean, source.name);
  const { split } = job.data;
  const part = growingArray((length) => new Uint8Array(length));
  const order = growingArray((length) => new Float64Array(length));
  const provisionalLabel = growingArray((length) => new Int32Array(length));
  const provisional = new Map<string, number>();
  const rowsPerLabel = new Map<string, number>();

  for await (const row of readRows(source, format)) {
    if (row.number % 4096 === 0) signal?.throwIfAborted();
    const example = picker.pick(row);
    const keeps = clean.keeps(example);
    const id = provisional.get(example.label) ?? provisional.size;
    if (keeps) {
      provisional.set(example.label, id);
      rowsPerLabel.set(example.label, (rowsPerLabel.get(example.label) ?? 0) + 1);
    }
    provisionalLabel.push(keeps ? id : -1);
    const named =
      keeps && 'column' in split ? splits.indexOf(splitOfCell(example.split!, split.column, source.name, row.line)) : 0;
    part.push(keeps ? named : DROPPED);
    if (!('column' in split)) order.push(keeps ? contentOrder(job.seed, example.text) : 0);
  }
  if (part.length === 0) throw new DataError(`${source.name}: expected rows, found none`);
  picker.requireColumns();

  const parts = part.view();
  if (rowsPerLabel.size === 0) {
    throw new DataError(`${source.name}: expected rows with a text and a label, found none among ${parts.length} rows`);
  }
  const map = labelMap(rowsPerLabel, job.data.label, source.name);
  const label = finalLabels(provisionalLabel.view(), provisional, map);
  if (!('column' in split)) placeByFractions(parts, order.view(), label, split);
  const rowsPerClass = countRows(parts, label, map.size);
  const labels = [...map.keys()];
  requireRowsEverywhere({ rowsPerClass, labels, sourceName: source.name, split });
  return {
    columns: [...picker.columns],
    labels,
    rowsRead: parts.length,
    cleaning: { ...clean.report },
    part: parts,
    label,
    rowsPerClass,
  };
}

/** Labels were numbered as they came; now they get their place in the sorted map. */
function finalLabels(
  provisional: Int32Array,
  numbers: ReadonlyMap<string, number>,
  map: ReadonlyMap<string, number>,
): Int32Array {
  const place = Int32Array.from(numbers.keys(), (label) => map.get(label)!);
  return provisional.map((id) => (id === -1 ? -1 : place[id]!));
}

function placeByFractions(
  part: Uint8Array,
  order: Float64Array,
  label: Int32Array,
  fractions: { validation: number; test: number; stratify: boolean },
): void {
  const kept = Uint32Array.from({ length: part.length }, (_, row) => row).filter((row) => part[row] !== DROPPED);
  const placed = splitByFractions(
    { order: Float64Array.from(kept, (row) => order[row]!), label: Int32Array.from(kept, (row) => label[row]!) },
    fractions,
  );
  kept.forEach((row, index) => (part[row] = placed[index]!));
}

function countRows(part: Uint8Array, label: Int32Array, classes: number): number[][] {
  const counts = splits.map(() => new Array<number>(classes).fill(0));
  part.forEach((split, row) => {
    if (split !== DROPPED) counts[split]![label[row]!]!++;
  });
  return counts;
}
