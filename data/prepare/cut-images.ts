import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';
import { sha256Of } from '../content-key.js';
import { readPacked } from '../readers/images.js';
import { bytesOfPart, type FilePart, type PartSize } from './part-size.js';

/** Runs of packed images. `firstLine` counts images. */
export async function* cutImages(source: ByteSource, size: PartSize): AsyncGenerator<FilePart> {
  let part: Omit<FilePart, 'to' | 'sha256'> | null = null;
  let [index, image, end] = [0, 0, 0];
  let hash = createHash('sha256');
  for await (const { from, to, head, entry, content } of readPacked(source)) {
    image++;
    if (part === null) {
      part = { from, firstLine: image, headSha256: sha256Of(Buffer.from(head)) };
      hash = createHash('sha256');
    }
    hash.update(`${entry}\n`).update(content).update('\n');
    end = to;
    const full = to - part.from >= bytesOfPart(index, size) || image - part.firstLine + 1 >= size.records;
    if (!full) continue;
    yield { ...part, to, sha256: hash.digest('hex') };
    part = null;
    index++;
  }
  if (part !== null) yield { ...part, to: end, sha256: hash.digest('hex') };
}
