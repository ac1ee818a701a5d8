import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';
import { arrowMessages } from '../readers/arrow-messages.js';
import { bytesOfPart, type FilePart, type PartSize } from './part-size.js';

/** Runs of record batches. `firstLine` counts rows. What later batches need of earlier messages is the head. */
export async function* cutArrow(source: ByteSource, size: PartSize): AsyncGenerator<FilePart> {
  const head = createHash('sha256');
  let part: Omit<FilePart, 'to' | 'sha256'> | null = null;
  let hash = createHash('sha256');
  let [index, rowsBefore, end] = [0, 0, 0];
  for await (const message of arrowMessages(source)) {
    if (message.kind !== 'batch') {
      for await (const bytes of source.openRange(message.from, message.to)) head.update(bytes);
      if (part === null) continue;
    }
    if (part === null) {
      part = { from: message.from, firstLine: rowsBefore + 1, headSha256: head.copy().digest('hex') };
      hash = createHash('sha256');
    }
    for await (const bytes of source.openRange(message.from, message.to)) hash.update(bytes);
    rowsBefore += message.rows;
    end = message.to;
    if (end - part.from < bytesOfPart(index, size) && rowsBefore + 1 - part.firstLine < size.records) continue;
    yield { ...part, to: end, sha256: hash.digest('hex') };
    part = null;
    index++;
  }
  if (part !== null) yield { ...part, to: end, sha256: hash.digest('hex') };
}
