import { DataError } from '../data-error.js';
import { DECODED_AT_ONCE, decodeImage, UnreadableImage } from '../images.js';
import { imageColumns } from '../shard-columns.js';
import { targetCells, type Encoder } from './encoder.js';

/** Images as size x size pixels, and a margin around them, with their classes. */
export function imageEncoder(
  { size, margin }: { readonly size: number; readonly margin: number },
  target: 'class' | 'classes',
  labels: ReadonlyMap<string, number>,
): Encoder {
  return {
    columns: imageColumns(target, size + 2 * margin),
    atOnce: DECODED_AT_ONCE,
    async encode(example) {
      const { id, text, input, place } = example;
      if (input.kind !== 'image') throw new Error(`a row of ${input.kind} was to be decoded as an image`);
      const pixels = await decodeImage(input.image.bytes, size, margin).catch((error: unknown) => {
        throw error instanceof UnreadableImage ? new DataError(`${place}: ${error.message}`) : error;
      });
      return [{ id, text, pixels, ...targetCells(example, labels, target) }];
    },
    finish: () => [],
    counts: () => ({}),
  };
}
