/** The first of two passes over a part: the facts of every row (facts.ts), and what the rows together say of their columns. */
import { mkdir } from 'node:fs/promises';
import type { Job } from '../../job/schema.js';
import { workAhead } from '../ahead.js';
import { contentOrder, contentKey } from '../content-key.js';
import { DataError } from '../data-error.js';
import { featureSurvey } from '../features/survey.js';
import { DECODED_AT_ONCE, faultOf } from '../images.js';
import { columnPicker, type Example } from '../pick-columns.js';
import type { Row } from '../readers/row.js';
import { splitOfCell, splits } from '../split.js';
import { cellsCollector } from './cells.js';
import { factsCollector, type RowFacts } from './facts.js';
import { fileOf, readPart, type SourceFiles, type SourcePart } from './parts.js';
import { surveyWriter, type PartSurvey } from './survey-file.js';

export interface SurveyPartInput {
  readonly source: SourceFiles;
  readonly part: SourcePart;
  readonly job: Job;
  /** A folder: see survey-file.ts. Made when absent; what is there is replaced. */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly rows: number }) => void) | undefined;
}

/** A batch is in memory while it is collected. */
const ROWS_PER_BATCH = 8192;
const CELLS_PER_BATCH = 2 ** 20;
/** Of images that cannot be used the first are told of. */
const FAULTS_KEPT = 100;

/**
 * Reads a part of the source and writes what is known of its rows. A function of the part's bytes, of where in its file it
 * begins, and of the job.
 * @throws DataError with the first row that cannot be read.
 */
export async function surveyPart({ source, part, job, out, signal, onProgress }: SurveyPartInput): Promise<PartSurvey> {
  const file = fileOf(source, part).source;
  const picker = columnPicker(job, file.name, { isFirst: part.index === 0 });
  const factsOf = rowFacts(job);
  const features = job.task.startsWith('tabular') ? featureSurvey(job.data, source.name) : null;
  const collected = factsCollector();
  const cells = features && cellsCollector(features, ROWS_PER_BATCH);
  const faults: PartSurvey['faults'] = [];
  let rows = 0;

  await mkdir(out, { recursive: true });
  const writer = surveyWriter(out);
  try {
    for await (const { row, fault } of checkedRows(readPart(source, part))) {
      const example = picker.pick(row);
      const facts = factsOf(example, fault);
      const { place, input } = example;
      if (facts.state === 'unreadable' && faults.length < FAULTS_KEPT) faults.push({ row: rows, place, fault: fault! });
      cells?.add(facts.state === 'sound' && input.kind === 'features' ? input.cells : null, place);
      collected.add(facts);
      rows++;
      if (row.image && rows % 64 === 0) signal?.throwIfAborted();
      if (collected.rows < ROWS_PER_BATCH && (cells?.cells ?? 0) < CELLS_PER_BATCH) continue;
      writer.add(collected.take(), cells && cells.take());
      onProgress?.({ rows });
      signal?.throwIfAborted();
    }
    if (collected.rows > 0) writer.add(collected.take(), cells && cells.take());
    onProgress?.({ rows });
    return writer.finish({
      rows,
      columns: [...picker.columns],
      classNames: collected.classNames(),
      faults,
      features: features?.notes() ?? null,
    });
  } finally {
    writer.close();
  }
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
