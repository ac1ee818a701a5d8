/**
 * Images travel to the workers as one file, whatever they were on the user's disk: a folder with one folder of images a
 * class, or a table that names a file in each row. The bytes of every file are kept as they are; readers/images.ts reads them.
 */
import { createWriteStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Job } from '../job/schema.js';
import { fileSource } from './byte-source.js';
import { DataError } from './data-error.js';
import { IMAGES_FORMAT, type ImageEntry, type ImagesHead } from './readers/images.js';
import { readRows } from './readers/read-rows.js';
import { SPLIT_COLUMN } from './sources/arrange.js';
import { imagesInFolders } from './sources/image-folders.js';

/** Photographs and scans of more are not meant to be learnt from. */
const MAX_FILE_BYTES = 64 * 2 ** 20;

/** What torchvision's ImageFolder takes for an image, and what sharp reads besides. */
const imageName = /\.(?:jpe?g|png|webp|gif|tiff?|avif|heic|bmp|ppm|pgm)$/i;

interface Found extends Omit<ImageEntry, 'bytes' | 'fault'> {
  /** Of the image's file. */
  readonly file: string;
}

export interface PackInput {
  /** A folder of folders, or a csv, tsv or jsonl file. */
  readonly path: string;
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
export async function packImages({ path, data, out, signal }: PackInput): Promise<{ readonly images: number }> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const found = isFolder ? imagesOfFolder(path, data) : imagesOfTable(path, data);
  const file = createWriteStream(out);
  const ended = finished(file);
  ended.catch(() => undefined); // awaited below, and already while a write waits for the disk
  const write = async (bytes: string | Uint8Array): Promise<void> => {
    if (!file.write(bytes)) await Promise.race([new Promise<void>((done) => file.once('drain', () => done())), ended]);
  };
  let images = 0;
  try {
    const head: ImagesHead = { format: IMAGES_FORMAT, from: isFolder ? 'folder' : 'table' };
    await write(`${JSON.stringify(head)}\n`);
    for await (const { file, line, path, fields } of found) {
      signal?.throwIfAborted();
      const { bytes, fault } = await readImageFile(file);
      const entry: ImageEntry = { line, path, bytes: bytes.byteLength, fault, fields };
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

async function readImageFile(path: string): Promise<{ bytes: Uint8Array; fault: string | null }> {
  const none = (fault: string) => ({ bytes: new Uint8Array(0), fault });
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return none(`the file has ${size} bytes, more than ${MAX_FILE_BYTES}`);
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
  for await (const { line, fields } of readRows(source)) {
    const cell = fields[image];
    // A row without a path goes through: whether the column is missing or the cell is empty is told with all other columns.
    const path = typeof cell === 'string' ? cell.trim() : '';
    yield { file: path === '' ? '' : resolve(dirname(table), path), path, line, fields };
  }
}
