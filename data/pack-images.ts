/**
 * Images travel to the workers as one file, whatever they were on the user's disk: a folder with one folder of images a
 * class, a table that names a file in each row, or tables with the files themselves in their cells (Parquet and Arrow, as Hugging Face
 * datasets have them). The bytes of every file are kept as they are; readers/images.ts reads them.
 */
import { createWriteStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import type { Job } from '../job/schema.js';
import { fileSource } from './byte-source.js';
import { DataError } from './data-error.js';
import type { BadRow } from './readers/bad-row.js';
import { IMAGES_FORMAT, type ImageEntry, type ImagesHead } from './readers/images.js';
import { readFile as readTable, readRows, type FileFormat } from './readers/read-rows.js';
import { placeOf } from './readers/row.js';
import { SPLIT_COLUMN } from './sources/arrange.js';
import { imagesInFolders } from './sources/image-folders.js';

/** Photographs and scans of more are not meant to be learnt from. */
const MAX_FILE_BYTES = 64 * 2 ** 20;

/** What torchvision's ImageFolder takes for an image, and what sharp reads besides. */
export const imageName = /\.(?:jpe?g|png|webp|gif|tiff?|avif|heic|bmp|ppm|pgm)$/i;

interface Found extends Omit<ImageEntry, 'bytes' | 'fault'> {
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

export interface PackInput {
  /** A folder of folders, or a csv, tsv or jsonl file. */
  readonly path: string;
  /** In its place: tables with images in their cells. */
  readonly tables?: readonly ImageTable[];
  readonly data: Pick<Job['data'], 'image' | 'label'>;
  /** The file that is written. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes the images of `path` into one file, in an order that is a function of their names (of the rows for a table): the
 * same images give the same bytes. A file that is missing or too large is noted in its entry and judged with the unreadable.
 * @returns how many images there are. @throws DataError when there is nothing to pack.
 */
export async function packImages({ path, tables, data, out, signal }: PackInput): Promise<{ readonly images: number }> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const found = tables
    ? imagesInTables(tables, data)
    : isFolder
      ? imagesOfFolder(path, data)
      : imagesOfTable(path, data);
  const file = createWriteStream(out);
  const ended = finished(file);
  ended.catch(() => undefined); // awaited below, and already while a write waits for the disk
  const write = async (bytes: string | Uint8Array): Promise<void> => {
    if (!file.write(bytes)) await Promise.race([new Promise<void>((done) => file.once('drain', () => done())), ended]);
  };
  let images = 0;
  try {
    const head: ImagesHead = { format: IMAGES_FORMAT, from: tables ? 'cells' : isFolder ? 'folder' : 'table' };
    await write(`${JSON.stringify(head)}\n`);
    for await (const { file, why, line, path, raw, fields } of found) {
      signal?.throwIfAborted();
      const { bytes, fault } =
        file === null ? none(why ?? '') : typeof file === 'string' ? await readImageFile(file) : imageInCell(file);
      const entry: ImageEntry = {
        line,
        path,
        bytes: bytes.byteLength,
        fault,
        ...(raw !== undefined && { raw }),
        fields,
      };
      await write(`${JSON.stringify(entry)}\n`);
      await write(bytes);
      await write('\n');
      images++;
    }
    file.end();
    await ended;
  } catch (error) {
    file.destroy();
    throw error;
  }
  return { images };
}

interface Read {
  readonly bytes: Uint8Array;
  readonly fault: string | null;
}

const none = (fault: string): Read => ({ bytes: new Uint8Array(0), fault });
const tooLarge = (bytes: number): Read => none(`the file has ${bytes} bytes, more than ${MAX_FILE_BYTES}`);

const imageInCell = (bytes: Uint8Array): Read =>
  bytes.byteLength > MAX_FILE_BYTES ? tooLarge(bytes.byteLength) : { bytes, fault: null };

async function readImageFile(path: string): Promise<Read> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return tooLarge(size);
    return { bytes: await readFile(path), fault: null };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return none('there is no such file');
    if (code === 'EISDIR') return none('it is a folder');
    if (code === 'EACCES') return none('the file may not be read');
    throw error;
  }
}

/** Classes and files in the order of their names' code units. Hidden files, and files that are no images, are passed over. */
async function* imagesOfFolder(folder: string, { image, label }: PackInput['data']): AsyncGenerator<Found> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
    .filter((path) => imageName.test(path) && !path.split('/').some((part) => part.startsWith('.')))
    .sort();
  const example = `expected one folder of images a class, such as ${folder}/cats/1.jpg`;
  if (entries.length === 0) throw new DataError(`data.source: ${example}; found no image in ${folder}`);
  const stray = entries.find((path) => !path.includes('/'));
  if (stray !== undefined) {
    throw new DataError(
      `data.source: ${example}; found ${stray} beside the folders: move it into its class, or list the images in a table`,
    );
  }
  let line = 0;
  for (const { path, name, split } of imagesInFolders(entries, folder)) {
    const fields = { ...(split !== null && { [SPLIT_COLUMN]: split }), [image]: path, [label]: name };
    yield { file: join(folder, path), path, line: ++line, fields };
  }
}

async function* imagesOfTable(table: string, { image }: PackInput['data']): AsyncGenerator<Found> {
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
const imageCellSchema = z.object({ bytes: z.instanceof(Uint8Array).nullish(), path: z.string().nullish() });

async function* imagesInTables(tables: readonly ImageTable[], { image }: PackInput['data']): AsyncGenerator<Found> {
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
