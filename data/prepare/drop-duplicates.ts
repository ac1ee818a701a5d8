import { CONTENT_BYTES, rowStates, type FactsBatch } from './facts.js';
import { droppedFor } from './verdicts.js';

/** Of rows of equal content the first stays; empty ones are no one's twins. */
export async function dropDuplicates(batches: AsyncIterable<FactsBatch>, verdicts: Uint8Array): Promise<void> {
  const labelOfContent = new Map<string, number>();
  for await (const { firstRow, rows, state, content, labelKey } of batches) {
    for (let row = 0; row < rows; row++) {
      if (state[row] === EMPTY) continue;
      const key = Buffer.from(content.buffer, content.byteOffset + row * CONTENT_BYTES, CONTENT_BYTES).toString(
        'latin1',
      );
      const first = labelOfContent.get(key);
      if (first === undefined) labelOfContent.set(key, labelKey[row]!);
      else verdicts[firstRow + row] = droppedFor(first === labelKey[row] ? 'duplicate' : 'contradiction');
    }
  }
}

const EMPTY = rowStates.indexOf('empty');
