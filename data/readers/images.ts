import { z } from 'zod';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { tellBadRow, type ReadOptions, type ReadPart } from './bad-row.js';
import { byteReader } from './byte-reader.js';
import { placeOf, type Row } from './row.js';

/**
 * Many images in one file: a head, then for every image an entry and the bytes of its file as they were. Both are JSON on
 * a line of their own; a line feed follows the bytes.
 */
export const IMAGES_FORMAT = 'temper-images/1';

const headSchema = z.object({ format: z.literal(IMAGES_FORMAT), from: z.enum(['folder', 'table', 'cells']) });
const entrySchema = z.object({
  /** Of the table, or the number of the image in its folder. */
  line: z.int().positive(),
  path: z.string(),
  bytes: z.int().nonnegative(),
  fault: z.string().nullable(),
  /** Of a row of a table that could not be read: as it stands there, and `path` is its place. */
  raw: z.string().optional(),
  fields: z.record(z.string(), z.unknown()),
});

export type ImagesHead = z.infer<typeof headSchema>;
export type ImageEntry = z.infer<typeof entrySchema>;

/** Rows of packed images, the file of each in `image`. @throws DataError for a file that packImages did not write whole. */
export async function* readImages(source: ByteSource, options: ReadOptions = {}): AsyncGenerator<Row> {
  let number = 0;
  for await (const { head, entry, content } of readPacked(source, options.part)) {
    const { from } = parse(headSchema, head, source.name);
    const { line, path, fault, raw, fields } = parse(entrySchema, entry, source.name);
    if (raw !== undefined) {
      tellBadRow(options, { place: path, why: fault ?? '', raw });
      continue;
    }
    const place = placeOfImage(source.name, from, line, path);
    yield { number: ++number, line, fields, image: { bytes: content, fault, place } };
  }
}

/** Of images that stood in the cells of tables, `path` is the row's place. */
function placeOfImage(name: string, from: ImagesHead['from'], line: number, path: string): string {
  switch (from) {
    case 'folder':
      return `${name}/${path}`;
    case 'table':
      return `${placeOf(name, line)} (${path})`;
    case 'cells':
      return path;
  }
}

/** An image as it is packed: the lines of JSON without their ends, and where it lies in the file. */
interface Packed {
  readonly from: number;
  readonly to: number;
  readonly head: string;
  readonly entry: string;
  readonly content: Uint8Array;
}

/** All images, or those of a part. @throws DataError for a file that packImages did not write whole. */
export async function* readPacked(source: ByteSource, part?: ReadPart): AsyncGenerator<Packed> {
  const { head, end } = await readHead(source);
  let from = part?.from ?? end;
  const bytes = byteReader(source.openRange(from, part?.to ?? source.bytes));
  try {
    for (;;) {
      const entry = await bytes.line();
      if (entry === null) return;
      const { bytes: length } = parse(entrySchema, entry, source.name);
      const content = await bytes.exactly(length + 1);
      if (content === null) throw notWhole(source.name);
      const to = from + Buffer.byteLength(entry) + 1 + content.length;
      yield { from, to, head, entry, content: content.subarray(0, length) };
      from = to;
    }
  } finally {
    await bytes.close();
  }
}

async function readHead(source: ByteSource): Promise<{ readonly head: string; readonly end: number }> {
  const bytes = byteReader(source.open());
  const head = await bytes.line();
  await bytes.close();
  parse(headSchema, head, source.name);
  return { head: head!, end: Buffer.byteLength(head!) + 1 };
}

function parse<T>(schema: z.ZodType<T>, text: string | null, name: string): T {
  try {
    return schema.parse(JSON.parse(text ?? ''));
  } catch {
    throw notWhole(name);
  }
}

const notWhole = (name: string): DataError =>
  new DataError(
    `${name}: expected packed images (${IMAGES_FORMAT}), found another file or one cut short: pack it again`,
  );
