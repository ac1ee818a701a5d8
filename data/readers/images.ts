import { z } from 'zod';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
import { byteReader } from './byte-reader.js';
import { placeOf, type Row } from './row.js';

/**
 * Many images in one file: a head, then for every image an entry and the bytes of its file as they were. Both are JSON on
 * a line of their own; a line feed follows the bytes.
 */
export const IMAGES_FORMAT = 'temper-images/1';

const headSchema = z.object({ format: z.literal(IMAGES_FORMAT), from: z.enum(['folder', 'table']) });
const entrySchema = z.object({
  /** Of the table, or the number of the image in its folder. */
  line: z.int().positive(),
  path: z.string(),
  bytes: z.int().nonnegative(),
  fault: z.string().nullable(),
  fields: z.record(z.string(), z.unknown()),
});

export type ImagesHead = z.infer<typeof headSchema>;
export type ImageEntry = z.infer<typeof entrySchema>;

/** Rows of packed images, the file of each in `image`. @throws DataError for a file that packImages did not write whole. */
export async function* readImages(source: ByteSource): AsyncGenerator<Row> {
  const bytes = byteReader(source.open());
  const { from } = parse(headSchema, await bytes.line(), source.name);
  for (let number = 1; ; number++) {
    const text = await bytes.line();
    if (text === null) return;
    const { line, path, fault, fields, bytes: length } = parse(entrySchema, text, source.name);
    const content = await bytes.exactly(length + 1);
    if (content === null) throw notWhole(source.name);
    const place = from === 'folder' ? `${source.name}/${path}` : `${placeOf(source.name, line)} (${path})`;
    yield { number, line, fields, image: { bytes: content.subarray(0, length), fault, place } };
  }
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
