import { z } from 'zod';
import type { ByteSource } from '../byte-source.js';
import { DataError } from '../data-error.js';
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
  const bytes = byteReader(source);
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

const NEWLINE = 0x0a;

function byteReader(source: ByteSource) {
  const pieces = source.open()[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);

  /** Reads on until `enough` is held, or the source ends. */
  async function fill(enough: (length: number) => boolean): Promise<void> {
    const more = [held];
    let length = held.length;
    while (!enough(length)) {
      const next = await pieces.next();
      if (next.done) break;
      more.push(next.value);
      length += next.value.length;
    }
    if (more.length > 1) held = Buffer.concat(more);
  }
  const take = (length: number): Uint8Array => {
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  };
  return {
    /** Without its line feed; null at the end of the source. */
    async line(): Promise<string | null> {
      for (;;) {
        const end = held.indexOf(NEWLINE);
        if (end !== -1) return new TextDecoder().decode(take(end + 1).subarray(0, end));
        const before = held.length;
        await fill((length) => length > before);
        if (held.length === before) return before === 0 ? null : new TextDecoder().decode(take(before));
      }
    },
    /** null when the source ends before. */
    async exactly(length: number): Promise<Uint8Array | null> {
      await fill((there) => there >= length);
      return held.length < length ? null : take(length);
    },
  };
}
