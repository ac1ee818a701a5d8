/** Looks at data as they are, without a job: two passes over the rows, in bounded memory. */
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { lookAtImage } from '../images.js';
import type { BadRow } from '../readers/bad-row.js';
import { readRows, type SourceFormat } from '../readers/read-rows.js';
import { isFilesSource } from '../readers/files.js';
import type { Row } from '../readers/row.js';
import { columnCollector } from './column-profile.js';
import { problemsOf, type Found } from './problems.js';
import type { DataReport } from './report.js';
import { rolesOf, type Given } from './roles.js';
import { secondPass } from './second-pass.js';
import { suggestJob } from './suggest-job.js';
import { thumbnail } from './thumbnails.js';

/** More columns than these are counted, not looked into. */
const MAX_COLUMNS = 2000;
const SHOWN_BAD_ROWS = 10;
const THUMBNAILS_A_CLASS = 3;
const MAX_THUMBNAILS = 60;
const DECODED_IMAGES = 5000;

export interface InspectInput {
  readonly source: ByteSource;
  readonly format: SourceFormat;
  /** As a job would name it. */
  readonly sources: readonly string[];
  readonly given?: Given;
  /** Images that are decoded whole, to see whether they can be; left out: the first 5,000. */
  readonly decodedImages?: number;
  readonly signal?: AbortSignal;
}

/** @throws DataError for a source that has no rows, or cannot be read at all. */
export async function inspectData(input: InspectInput): Promise<DataReport> {
  const { source, format, sources, given, decodedImages = DECODED_IMAGES, signal } = input;
  const bad = badRowCounter();
  const read = (onBadRow: (row: BadRow) => void) => readRows(source, format, { onBadRow });
  const collectors = new Map<string, ReturnType<typeof columnCollector>>();
  let rows = 0;
  let unlisted = 0;
  let [decoded, images] = [0, 0];
  for await (const row of read(bad.add)) {
    if (++rows % 4096 === 0) signal?.throwIfAborted();
    for (const name of Object.keys(row.fields)) {
      let collector = collectors.get(name);
      if (!collector && collectors.size >= MAX_COLUMNS) {
        unlisted++;
        continue;
      }
      if (!collector) collectors.set(name, (collector = columnCollector(name)));
      collector.add(row.fields[name]);
    }
    if (row.image) images++;
    if (row.image && images <= decodedImages) {
      decoded++;
      const { fault } = await lookAtImage(row.image);
      if (fault !== null) bad.add({ place: row.image.place, why: fault, raw: '' });
    }
  }
  if (rows === 0) {
    const [first] = bad.first;
    throw new DataError(first === undefined ? `${source.name}: expected rows, found none` : first);
  }
  const columns = [...collectors.values()].map((collector) => collector.finish(rows));
  const roles =
    format === 'images'
      ? {
          ...rolesOf(columns, rows, given),
          task: 'image-classification' as const,
          image: given?.image ?? 'image',
          label: given?.label ?? (collectors.has('label') ? 'label' : rolesOf(columns, rows, given).label),
          text: null,
        }
      : rolesOf(columns, rows, given);

  const pass = secondPass(
    source.name,
    roles,
    columns.map(({ name }) => name),
  );
  const thumbnails = thumbnailCollector(roles.label);
  for await (const row of read(() => undefined)) {
    if (row.number % 4096 === 0) signal?.throwIfAborted();
    pass.add(row);
    await thumbnails.add(row);
  }
  const { classes, ...rest } = pass.finish();
  const found: Found = {
    source: source.name,
    files: isFilesSource(source) ? source.files.length : 1,
    bytes: source.bytes,
    rows,
    badRows: { count: bad.count(), first: bad.first },
    images: images === 0 ? null : { decoded, of: images },
    columns,
    roles,
    classes:
      roles.task === 'tabular-regression'
        ? null
        : (classes?.sort((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : 1)) ?? null),
    ...rest,
  };
  const problems = problemsOf(found);
  if (unlisted > 0)
    problems.unshift({
      column: null,
      message: `there are more than ${MAX_COLUMNS} columns: only the first were looked into`,
    });
  const { labelIsText: _, telling: __, ...told } = found;
  return { ...told, thumbnails: thumbnails.all, problems, job: suggestJob(found, sources) };
}

function badRowCounter() {
  const first: string[] = [];
  let count = 0;
  return {
    first: first as readonly string[],
    count: () => count,
    add({ place, why }: BadRow): void {
      count++;
      if (first.length < SHOWN_BAD_ROWS) first.push(`${place}: ${why}`);
    },
  };
}

function thumbnailCollector(label: string | null) {
  const all: DataReport['thumbnails'][number][] = [];
  const ofClass = new Map<string, number>();
  return {
    all: all as readonly DataReport['thumbnails'][number][],
    async add({ image, fields }: Row): Promise<void> {
      if (!image || all.length >= MAX_THUMBNAILS) return;
      const name = label === null ? '' : String(fields[label] ?? '');
      const drawn = ofClass.get(name) ?? 0;
      if (drawn >= THUMBNAILS_A_CLASS) return;
      const jpeg = await thumbnail(image);
      if (jpeg === null) return;
      ofClass.set(name, drawn + 1);
      all.push({ place: image.place, label: name, jpeg });
    },
  };
}
