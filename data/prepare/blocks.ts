/**
 * Arrays of numbers in a file, back to back, as they are in memory (little-endian). Where each lies is kept elsewhere, in JSON:
 * what needs one column of many reads just that.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { z } from 'zod';

const types = { u8: Uint8Array, i32: Int32Array, u32: Uint32Array, f64: Float64Array } as const;
type Type = keyof typeof types;
export type Numbers = Uint8Array | Int32Array | Uint32Array | Float64Array;

/** Type, place in the file in bytes, number of values. */
export const blockSchema = z.tuple([z.enum(['u8', 'i32', 'u32', 'f64']), z.int().nonnegative(), z.int().nonnegative()]);
export type Block = z.infer<typeof blockSchema>;

const typeOf = (values: Numbers): Type => {
  const found = Object.entries(types).find(([, type]) => values instanceof type);
  return found![0] as Type;
};

/** Writes a new file. */
export function blockWriter(path: string) {
  const file = openSync(path, 'w');
  let at = 0;
  return {
    write(values: Numbers): Block {
      const block: Block = [typeOf(values), at, values.length];
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      at += bytes.length;
      return block;
    },
    close: (): void => closeSync(file),
  };
}

export function blockReader(path: string) {
  const file = openSync(path, 'r');
  return {
    read([type, at, length]: Block): Numbers {
      const values = new types[type](length);
      const bytes = new Uint8Array(values.buffer);
      const found = readSync(file, bytes, 0, bytes.length, at);
      if (found !== bytes.length) throw new Error(`${path}: expected ${bytes.length} bytes at ${at}, found ${found}`);
      return values;
    },
    close: (): void => closeSync(file),
  };
}
