/**
 * Images travel to the workers as one file, whatever they were on the user's disk: a folder with one folder of images a
 * class, a table that names a file in each row, or tables with the files themselves in their cells (Parquet and Arrow, as Hugging Face
 * datasets have them). The bytes of every file are kept as they are; readers/images.ts reads them.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { IMAGES_FORMAT, type ImageEntry, type ImagesHead } from './readers/images.js';
import { imagesInTables, imagesOfFolder, imagesOfTable, type Columns, type ImageTable } from './sources/image-rows.js';

/** Photographs and scans of more are not meant to be learnt from. */
const MAX_FILE_BYTES = 64 * 2 ** 20;

export interface PackInput {
  /** A folder of folders, or a csv, tsv or jsonl file. */
  readonly path: string;
  /** In its place: tables with images in their cells. */
  readonly tables?: readonly ImageTable[];
  readonly data: Columns;
  /** What messages call a folder; left out: its path. */
  readonly shown?: string;
  /** The path to read for a file of a folder or a table. @throws for one that may not be read. */
  readonly permitted?: (path: string) => Promise<string>;
  /** The file that is written. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes the images of `path` into one file, in an order that is a function of their names (of the rows for a table): the
 * same images give the same bytes. A file that is missing or too large is noted in its entry and judged with the unreadable.
 * @returns how many images there are. @throws DataError when there is nothing to pack.
 */
export async function packImages(input: PackInput): Promise<{ readonly images: number }> {
  const { path, tables, data, shown = path, permitted, out, signal } = input;
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const found = tables
    ? imagesInTables(tables, data)
    : isFolder
      ? imagesOfFolder(path, data, shown)
      : imagesOfTable(path, data);
  const head: ImagesHead = { format: IMAGES_FORMAT, from: tables ? 'cells' : isFolder ? 'folder' : 'table' };
  let images = 0;
  await writeFile(out, pieces());
  return { images };

  async function* pieces(): AsyncGenerator<string | Uint8Array> {
    yield `${JSON.stringify(head)}\n`;
    for await (const { file, why, line, path, raw, fields } of found) {
      signal?.throwIfAborted();
      const { bytes, fault } =
        file === null
          ? none(why ?? '')
          : typeof file === 'string'
            ? await readImageFile(file, permitted)
            : imageInCell(file);
      const entry: ImageEntry = {
        line,
        path,
        bytes: bytes.byteLength,
        fault,
        ...(raw !== undefined && { raw }),
        fields,
      };
      yield `${JSON.stringify(entry)}\n`;
      yield bytes;
      yield '\n';
      images++;
    }
  }
}

interface Read {
  readonly bytes: Uint8Array;
  readonly fault: string | null;
}

const none = (fault: string): Read => ({ bytes: new Uint8Array(0), fault });
const tooLarge = (bytes: number): Read => none(`the file has ${bytes} bytes, more than ${MAX_FILE_BYTES}`);

const imageInCell = (bytes: Uint8Array): Read =>
  bytes.byteLength > MAX_FILE_BYTES ? tooLarge(bytes.byteLength) : { bytes, fault: null };

async function readImageFile(path: string, permitted: PackInput['permitted']): Promise<Read> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return tooLarge(size);
    return { bytes: await readFile(permitted ? await permitted(path) : path), fault: null };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return none('there is no such file');
    if (code === 'EISDIR') return none('it is a folder');
    if (code === 'EACCES') return none('the file may not be read');
    throw error;
  }
}
