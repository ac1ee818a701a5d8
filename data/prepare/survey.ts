/**
 * The first of two passes over a source: the facts of every row (facts.ts), and what the rows together say of their columns.
 * It holds some bytes for a row, never its text.
 */
import type { Job } from '../../job/schema.js';
import { workAhead } from '../ahead.js';
import type { ByteSource } from '../byte-source.js';
import { contentOrder, contentKey } from '../content-key.js';
import { DataError } from '../data-error.js';
import { featureSurvey } from '../features/survey.js';
import { DECODED_AT_ONCE, faultOf } from '../images.js';
import { columnPicker, type Example } from '../pick-columns.js';
import { readRows, type SourceFormat } from '../readers/read-rows.js';
import type { Row } from '../readers/row.js';
import { splitOfCell, splits } from '../split.js';
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
export async function surveySource({ source, format, job, signal }: SurveyInput): Promise<Survey> {
  const picker = columnPicker(job, source.name);
  const factsOf = rowFacts(job);
  const features = job.task.startsWith('tabular') ? featureSurvey(job.data, source.name) : null;
  const collected = factsCollector(0);
  const faults: RowFault[] = [];
  let rows = 0;

  for await (const { row, fault } of checkedRows(readRows(source, format))) {
    if (row.number % (row.image ? 64 : 4096) === 0) signal?.throwIfAborted();
    const example = picker.pick(row);
    const facts = factsOf(example, fault);
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
    async *batches() {
      yield batch;
    },
  };
}

/** Rows with what is wrong with their image: it is decoded whole, because a file that is cut short shows it nowhere else. */
const checkedRows = (rows: AsyncIterable<Row>): AsyncGenerator<{ row: Row; fault: string | null }> =>
  workAhead(rows, DECODED_AT_ONCE, async (row) => ({ row, fault: row.image ? await faultOf(row.image) : null }));

/** Says what a row is by itself; `fault` is what is wrong with its image. */
function rowFacts({ data: { clean, split }, seed }: Job): (example: Example, fault: string | null) => RowFacts {
  /** @throws DataError for a row without a label that may not be dropped. */
  const stateOf = ({ inputIsEmpty, target, place }: Example, fault: string | null): RowFacts['state'] => {
    if ((inputIsEmpty || target.isEmpty) && clean.dropEmpty) return 'empty';
    if (!target.isEmpty) return fault === null ? 'sound' : 'unreadable';
    const advice = 'fill it in, or set data.clean.dropEmpty to true';
    throw new DataError(`${place}: expected a label, found an empty cell: ${advice}`);
  };
  return (example, fault) => {
    const { content, target, place } = example;
    const state = stateOf(example, fault);
    const stays = state === 'sound';
    const compared = clean.dropDuplicates;
    return {
      state,
      content: compared ? contentKey(content) : null,
      labelKey: compared ? contentOrder(0, target.key) : 0,
      order: 'column' in split || !stays ? 0 : contentOrder(seed, content),
      classes: stays ? [...new Set(target.names)] : [],
      value: target.value,
      split: 'column' in split && stays ? splits.indexOf(splitOfCell(example.split!, split.column, place)) : 0,
    };
  };
}
