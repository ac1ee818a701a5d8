/**
 * The first of two passes over a source: the facts of every row (facts.ts), and what the rows together say of their columns.
 * It holds some bytes for a row, never its text.
 */
import type { Job } from '../../job/schema.js';
import { workAhead } from '../ahead.js';
import type { ByteSource } from '../byte-source.js';
import { lengthFault } from '../cleaning/length.js';
import { contentOrder, contentKey } from '../content-key.js';
import { DataError } from '../data-error.js';
import { featureSurvey } from '../features/survey.js';
import { DECODED_AT_ONCE, faultOf, shorterSideOf } from '../images.js';
import type { Sketch } from '../near/near-pairs.js';
import { comparesRows, sketcherFor } from '../near/sketcher.js';
import { columnPicker, type Example } from '../pick-columns.js';
import { readRows, type SourceFormat } from '../readers/read-rows.js';
import type { Row } from '../readers/row.js';
import { rowSplitter } from '../splits/row-split.js';
import { factsCollector, type FactsBatch, type RowFacts } from './facts.js';

/** An image that cannot be used. */
export interface RowFault {
  /** Place of the row in the source, from 0. */
  readonly row: number;
  readonly place: string;
  readonly fault: string;
}

/** What was found of a source, or of a part of it. */
export interface Survey {
  readonly columns: readonly string[];
  readonly rows: number;
  readonly faults: readonly RowFault[];
  /** Of tables: tells which columns are learnt from. */
  readonly features: ReturnType<typeof featureSurvey> | null;
  /** Whether rows have sketches to be compared by. */
  readonly isCompared: boolean;
  /** From the first row on. */
  batches(): AsyncIterable<FactsBatch>;
}

export interface SurveyInput {
  readonly source: ByteSource;
  readonly format?: SourceFormat;
  readonly job: Job;
  readonly signal?: AbortSignal;
}

/** @throws DataError with the first row that cannot be read, and for a column that no row has. */
export async function surveySource(input: SurveyInput): Promise<Survey> {
  const { source, job, signal } = input;
  const picker = columnPicker(job, source.name);
  const factsOf = rowFacts(job);
  const features = job.task.startsWith('tabular') ? featureSurvey(job.data, source.name) : null;
  const collected = factsCollector(0);
  const faults: RowFault[] = [];
  let rows = 0;

  for await (const checked of checkedRows(input, (row) => picker.pick(row))) {
    const { example, fault } = checked;
    if (rows % (example.input.kind === 'image' ? 64 : 4096) === 0) signal?.throwIfAborted();
    const facts = factsOf(checked);
    if (facts.state === 'unreadable') faults.push({ row: rows, place: example.place, fault: fault! });
    if (facts.state === 'sound' && example.input.kind === 'features') features?.add(example.input.cells, example.place);
    collected.add(facts);
    rows++;
  }
  if (rows === 0) throw new DataError(`${source.name}: expected rows, found none`);
  picker.requireColumns();
  const batch = collected.batch();
  return {
    columns: [...picker.columns],
    rows,
    faults,
    features,
    isCompared: comparesRows(job, source.bytes),
    async *batches() {
      yield batch;
    },
  };
}

/** A row with what takes time to tell of it. */
interface Checked {
  readonly example: Example;
  readonly line: number;
  /** What is wrong with its image. It is decoded whole, because a file that is cut short shows it nowhere else. */
  readonly fault: string | null;
  /** Its image has fewer pixels than data.clean.minImageSide. */
  readonly isSmall: boolean;
  readonly sketch: Sketch | null;
}

function checkedRows({ source, format, job }: SurveyInput, pick: (row: Row) => Example): AsyncGenerator<Checked> {
  const { minImageSide } = job.data.clean;
  const sketchOf = comparesRows(job, source.bytes) ? sketcherFor(job) : null;
  return workAhead(readRows(source, format), DECODED_AT_ONCE, async (row) => {
    const example = pick(row);
    const fault = row.image ? await faultOf(row.image) : null;
    const sound = fault === null && !example.inputIsEmpty;
    const isSmall =
      sound && row.image !== undefined && minImageSide !== undefined && (await shorterSideOf(row.image)) < minImageSide;
    const sketch = sound && sketchOf !== null ? await sketchOf(example) : null;
    return { example, line: row.line, fault, isSmall, sketch };
  });
}

/** Says what a row is by itself; `fault` is what is wrong with its image. */
function rowFacts(job: Job): (checked: Checked) => RowFacts {
  const { clean } = job.data;
  const splitOf = rowSplitter(job);
  /** @throws DataError for a row without a label that may not be dropped. */
  const stateOf = ({ example: { inputIsEmpty, target, input, place }, fault, isSmall }: Checked): RowFacts['state'] => {
    if ((inputIsEmpty || target.isEmpty) && clean.dropEmpty) return 'empty';
    if (target.isEmpty) {
      const advice = 'fill it in, or set data.clean.dropEmpty to true';
      throw new DataError(`${place}: expected a label, found an empty cell: ${advice}`);
    }
    if (fault !== null) return 'unreadable';
    if (isSmall) return 'small';
    return (clean.length && lengthFault(input, clean.length)) ?? 'sound';
  };
  return (checked) => {
    const { example, line, sketch } = checked;
    const { content, target } = example;
    const state = stateOf(checked);
    const stays = state === 'sound';
    const compared = clean.dropDuplicates;
    return {
      state,
      content: compared ? contentKey(content) : null,
      labelKey: compared ? contentOrder(0, target.key) : 0,
      ...(stays ? splitOf(example) : { split: 0, order: 0 }),
      classes: stays ? [...new Set(target.names)] : [],
      value: target.value,
      sketch: stays ? sketch : null,
      line,
    };
  };
}
