/** Where images that a user names are, with what is known of each: of a folder, of a table of paths, of tables with images in their cells. */
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Job } from '../../job/schema.js';
import { fileSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import type { BadRow } from '../readers/bad-row.js';
import type { ImageEntry } from '../readers/images.js';
import { readFile as readTable, readRows, type FileFormat } from '../readers/read-rows.js';
import { placeOf } from '../readers/row.js';
import { SPLIT_COLUMN } from './arrange.js';
import { imagesInFolders } from './image-folders.js';

export type Columns = Pick<Job['data'], 'image' | 'label'>;

/** What torchvision's ImageFolder takes for an image, and what sharp reads besides. */
export const imageName = /\.(?:jpe?g|png|webp|gif|tiff?|avif|heic|bmp|ppm|pgm)$/i;

export interface Found extends Omit<ImageEntry, 'bytes' | 'fault'> {
  /** The image's file: where it is, or what is in it; null: the row could not be read, and says why. */
  readonly file: string | Uint8Array | null;
  readonly why?: string;
}

export interface ImageTable {
  readonly path: string;
  /** For messages. */
  readonly name: string;
  readonly format: FileFormat;
  /** Cells that all of its rows have. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** Classes and files in the order of their names' code units. Hidden files, and files that are no images, are passed over. */
export async function* imagesOfFolder(
  folder: string,
  { image, label }: Columns,
  shown = folder,
): AsyncGenerator<Found> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
    .filter((path) => imageName.test(path) && !path.split('/').some((part) => part.startsWith('.')))
    .sort();
  const example = `expected one folder of images a class, such as ${shown}/cats/1.jpg`;
  if (entries.length === 0) throw new DataError(`data.source: ${example}; found no image in ${shown}`);
  const stray = entries.find((path) => !path.includes('/'));
  if (stray !== undefined) {
    throw new DataError(
      `data.source: ${example}; found ${stray} beside the folders: move it into its class, or list the images in a table`,
    );
  }
  let line = 0;
  for (const { path, name, split } of imagesInFolders(entries, shown)) {
    const fields = { ...(split !== null && { [SPLIT_COLUMN]: split }), [image]: path, [label]: name };
    yield { file: join(folder, path), path, line: ++line, fields };
  }
}

export async function* imagesOfTable(table: string, { image }: Columns): AsyncGenerator<Found> {
  const source = await fileSource(table);
  const bad: BadRow[] = [];
  let last = 1;
  for await (const { line, fields } of readRows(source, undefined, { onBadRow: (row) => bad.push(row) })) {
    yield* badOnes(bad, (last = line));
    const cell = fields[image];
    // A row without a path goes through: whether the column is missing or the cell is empty is told with all other columns.
    const path = typeof cell === 'string' ? cell.trim() : '';
    yield { file: path === '' ? '' : resolve(dirname(table), path), path, line, fields };
  }
  yield* badOnes(bad, last);
}

/** Rows that could not be read travel too: the workers count them, and keep them aside. */
const badOnes = (bad: BadRow[], line: number): Found[] =>
  bad.splice(0).map(({ place, why, raw }) => ({ file: null, why, raw, path: place, line, fields: {} }));

/** What Hugging Face datasets keep of an image: the bytes of its file, or where it is. */
export const imageCellSchema = z.object({ bytes: z.instanceof(Uint8Array).nullish(), path: z.string().nullish() });

export async function* imagesInTables(tables: readonly ImageTable[], { image }: Columns): AsyncGenerator<Found> {
  let line = 0;
  for (const { path: table, name, format, fields: ofTable } of tables) {
    const source = await fileSource(table, name);
    const bad: BadRow[] = [];
    const options = { bytes: true, onBadRow: (row: BadRow) => bad.push(row) };
    for await (const { line: own, place = placeOf(name, own), fields } of readTable(source, format, options)) {
      yield* badOnes(bad, line + 1);
      const cell = fields[image];
      const { bytes, path } =
        cell instanceof Uint8Array ? { bytes: cell, path: null } : pathOrBytes(cell, place, image);
      const named = path ?? '';
      // Of a row without either it is told that its cell is empty.
      const shown = named !== '' ? named : bytes ? place : '';
      yield {
        file: bytes ?? (named === '' ? '' : resolve(dirname(table), named)),
        path: named === '' ? place : `${place} (${named})`,
        line: ++line,
        fields: { ...withoutBytes(fields), ...ofTable, ...(image in fields && { [image]: shown }) },
      };
    }
    yield* badOnes(bad, line + 1);
  }
}

function pathOrBytes(cell: unknown, place: string, column: string): z.infer<typeof imageCellSchema> {
  if (cell === null || cell === undefined) return {};
  if (typeof cell === 'string') return { path: cell.trim() };
  const parsed = imageCellSchema.safeParse(cell);
  if (parsed.success) return parsed.data;
  throw new DataError(
    `${place}: expected an image in column \`${column}\` (its bytes, its path, or both as Hugging Face datasets keep them), found ${Array.isArray(cell) ? 'a list' : `a ${typeof cell}`}`,
  );
}

/** Other cells of bytes are no part of a row that is read as text. */
const withoutBytes = (fields: Found['fields']): Found['fields'] =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => !holdsBytes(value)));

/** Bytes, or another image as Hugging Face datasets keep it. */
const holdsBytes = (value: unknown): boolean =>
  value instanceof Uint8Array ||
  (typeof value === 'object' && value !== null && Object.values(value).some((inner) => inner instanceof Uint8Array));
