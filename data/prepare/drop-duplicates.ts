/**
 * Finds rows of equal content among any number of rows. Their keys are divided by their first bits into files, small enough
 * that the different keys of one fit into memory; equal keys meet in the same file, in the order of the rows.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CONTENT_BYTES, rowStates, type FactsBatch } from './facts.js';
import { firstOfEqual } from './first-of-equal.js';
import { spillFiles } from './spill-files.js';
import { droppedFor } from './verdicts.js';

/** Keys of a file, on average. */
const KEYS_AT_ONCE = 2 ** 18;
/** 512 files at most: each is open. */
const MOST_BITS = 9;
/** A key, the number of its label, the number of its row. */
const RECORD_BYTES = CONTENT_BYTES + 8 + 8;

/** Of rows of equal content the first stays; empty ones and images that cannot be read are no one's twins. `folder` is for files on the way, and goes. */
export async function dropDuplicates(
  batches: AsyncIterable<FactsBatch>,
  verdicts: Uint8Array,
  folder: string,
  keysAtOnce = KEYS_AT_ONCE,
): Promise<void> {
  const bits = Math.min(MOST_BITS, Math.max(0, Math.ceil(Math.log2(verdicts.length / keysAtOnce))));
  mkdirSync(folder, { recursive: true });
  const files = spillFiles((index) => join(folder, `keys-${index}`), 2 ** bits, RECORD_BYTES);
  try {
    for await (const { firstRow, rows, state, content, labelKey } of batches) {
      const keys = new DataView(content.buffer, content.byteOffset, content.byteLength);
      for (let row = 0; row < rows; row++) {
        if (state[row] === EMPTY || state[row] === UNREADABLE) continue;
        const at = row * CONTENT_BYTES;
        const file = Math.floor(keys.getUint32(at) / 2 ** (32 - bits));
        const record = files.next(file);
        record.bytes.set(content.subarray(at, at + CONTENT_BYTES), record.at);
        record.view.setFloat64(record.at + CONTENT_BYTES, labelKey[row]!, true);
        record.view.setFloat64(record.at + CONTENT_BYTES + 8, firstRow + row, true);
      }
    }
    for (let file = 0; file < 2 ** bits; file++) {
      const first = firstOfEqual();
      for (const { bytes, view, at } of files.records(file)) {
        const labelKey = view.getFloat64(at + CONTENT_BYTES, true);
        const known = first.labelOf(bytes, at, labelKey);
        if (known === null) continue;
        const row = view.getFloat64(at + CONTENT_BYTES + 8, true);
        verdicts[row] = droppedFor(known === labelKey ? 'duplicate' : 'contradiction');
      }
    }
  } finally {
    files.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const EMPTY = rowStates.indexOf('empty');
const UNREADABLE = rowStates.indexOf('unreadable');
