/** The first of two passes over a part: the facts of every row (facts.ts), and what the rows together say of their columns. */
import { mkdir } from 'node:fs/promises';
import type { Job } from '../../job/schema.js';
import { workAhead } from '../ahead.js';
import { lengthFault } from '../cleaning/length.js';
import { contentOrder, contentKey } from '../content-key.js';
import { badRowsCollector, maxShareOf } from '../bad-rows.js';
import { DataError } from '../data-error.js';
import { featureSurvey } from '../features/survey.js';
import { DECODED_AT_ONCE, lookAtImage, shorterSideOf } from '../images.js';
import type { Sketch } from '../near/near-pairs.js';
import { comparesRows, sketcherFor } from '../near/sketcher.js';
import { columnPicker, type Example } from '../pick-columns.js';
import { MAX_RAW_CHARACTERS, type BadRow } from '../readers/bad-row.js';
import type { Row } from '../readers/row.js';
import { rowSplitter } from '../splits/row-split.js';
import { cellsCollector } from './cells.js';
import { factsCollector, type RowFacts } from './facts.js';
import { fileOf, readPart, type SourceFiles, type SourcePart } from './parts.js';
import { surveyWriter, type PartSurvey } from './survey-file.js';

export interface SurveyPartInput {
  readonly source: SourceFiles;
  readonly part: SourcePart;
  readonly job: Job;
  /** Whether it also says what rows are like: comparesSource of the whole source, of which this machine may have a part. */
  readonly compares: boolean;
  /** A folder: see survey-file.ts. Made when absent; what is there is replaced. */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly rows: number }) => void) | undefined;
}

/** A batch is in memory while it is collected. */
const ROWS_PER_BATCH = 8192;
const CELLS_PER_BATCH = 2 ** 20;

/**
 * Reads a part of the source and writes what is known of its rows. A function of the part's bytes, of where in its file it
 * begins, of the job, and of `compares`.
 * @throws DataError with the first row that cannot be read.
 */
export async function surveyPart(input: SurveyPartInput): Promise<PartSurvey> {
  const { source, part, job, compares: isCompared, out, signal, onProgress } = input;
  const file = fileOf(source, part).source;
  const picker = columnPicker(job, file.name, { isFirst: part.index === 0 });
  const factsOf = rowFacts(job);
  const features = job.task.startsWith('tabular') ? featureSurvey(job.data, source.name) : null;
  const collected = factsCollector();
  const cells = features && cellsCollector(features, ROWS_PER_BATCH);
  const faults: PartSurvey['faults'] = [];
  const unreadable = badRowsCollector();
  const bad = badRowsCollector();
  const reading = maxShareOf(job.data) === 0 ? {} : { onBadRow: (row: BadRow) => bad.add(row) };
  let rows = 0;

  await mkdir(out, { recursive: true });
  const writer = surveyWriter(out);
  try {
    for await (const checked of checkedRows(readPart(source, part, reading), job, isCompared, (row) =>
      picker.pick(row),
    )) {
      const { example, fault } = checked;
      const facts = factsOf(checked);
      const { place, input } = example;
      if (facts.state === 'unreadable') {
        const said = { place, why: fault!, raw: checked.raw };
        if (unreadable.add(said)) faults.push({ row: rows, ...said });
      }
      cells?.add(facts.state === 'sound' && input.kind === 'features' ? input.cells : null, place);
      collected.add(facts);
      rows++;
      if (input.kind === 'image' && rows % 64 === 0) signal?.throwIfAborted();
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
      isCompared,
      faults,
      badRows: bad.all,
      features: features?.notes() ?? null,
    });
  } finally {
    writer.close();
  }
}

/** A row with what takes time to tell of it. */
interface Checked {
  readonly example: Example;
  readonly line: number;
  /** What is wrong with its image. It is decoded whole, because a file that is cut short shows it nowhere else. */
  readonly fault: string | null;
  /** As it was packed, where there is something wrong with it. */
  readonly raw: string;
  /** Its image has fewer pixels than data.clean.minImageSide. */
  readonly isSmall: boolean;
  readonly sketch: Sketch | null;
}

/** Whether the surveys of a source say of rows what they are like. It depends on how large all of its files are. */
export const comparesSource = (job: Job, files: readonly { readonly bytes: number }[]): boolean =>
  comparesRows(
    job,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  );

const NO_IMAGE = { fault: null, fields: null };

function checkedRows(
  rows: AsyncIterable<Row>,
  job: Job,
  isCompared: boolean,
  pick: (row: Row) => Example,
): AsyncGenerator<Checked> {
  const { minImageSide } = job.data.clean;
  const sketchOf = isCompared ? sketcherFor(job) : null;
  return workAhead(rows, DECODED_AT_ONCE, async (row) => {
    const example = pick(row);
    const { fault, fields } = row.image ? await lookAtImage(row.image) : NO_IMAGE;
    const sound = fault === null && !example.inputIsEmpty;
    const isSmall =
      sound && row.image !== undefined && minImageSide !== undefined && (await shorterSideOf(row.image)) < minImageSide;
    const sketch = sound && sketchOf !== null ? await sketchOf(example, fields) : null;
    const raw = fault === null ? '' : JSON.stringify(row.fields).slice(0, MAX_RAW_CHARACTERS);
    return { example, line: row.line, fault, raw, isSmall, sketch };
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
      place: example.input.kind === 'image' ? example.place : null,
    };
  };
}
