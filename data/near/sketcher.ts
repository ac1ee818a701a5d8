import type { Job } from '../../job/schema.js';
import { contentKey } from '../content-key.js';
import { imageFields } from '../images.js';
import { kindOf } from '../targets.js';
import type { ReadInput } from '../read-input.js';
import { imageBands, imagePieces, imageSimilarity } from './image-sketch.js';
import type { Sketch } from './near-pairs.js';
import { bandPlan, similarityOf, textSketcher } from './text-sketch.js';

/** Where leakage is looked for without being asked. */
export const LOOKED_AT_BYTES = 256 * 2 ** 20;

/** Whether rows are compared with each other: asked for, or a source so small that it costs little. */
export function comparesRows({ data }: Pick<Job, 'data'>, sourceBytes: number): boolean {
  if (data.clean.nearDuplicates !== undefined) return true;
  const { leakage = 'auto' } = data;
  return leakage === 'on' || (leakage === 'auto' && sourceBytes <= LOOKED_AT_BYTES);
}

/** From which similarity on two rows are nearly the same. */
export function nearThreshold(job: Pick<Job, 'task' | 'data'>): number {
  const usual = { tokens: 0.85, images: 0.95, features: 1 }[kindOf(job)];
  return job.data.clean.nearDuplicates?.similarity ?? usual;
}

/** How similar two rows of this job are, from the pieces of their sketches. */
export function nearSimilarity(job: Pick<Job, 'task'>): (a: Uint32Array, b: Uint32Array) => number {
  switch (kindOf(job)) {
    case 'tokens':
      return similarityOf;
    case 'images':
      return imageSimilarity;
    case 'features':
      return (a, b) => Number(a.every((word, i) => word === b[i]));
  }
}

/**
 * What rows are compared by: texts and images nearly, rows of a table as a whole; null for a row that is like no other. `fields` of an
 * image that was looked at before (images.ts).
 */
export function sketcherFor(
  job: Pick<Job, 'task' | 'data'>,
): (row: ReadInput, fields?: Uint8Array | null) => Promise<Sketch | null> {
  const threshold = nearThreshold(job);
  switch (kindOf(job)) {
    case 'tokens': {
      const sketch = textSketcher(bandPlan(threshold));
      return ({ text }) => Promise.resolve(sketch(text));
    }
    case 'images':
      return async ({ input }, fields) => {
        if (input.kind !== 'image') throw new Error(`a row of ${input.kind} is no image`);
        const pieces = imagePieces(fields ?? (await imageFields(input.image.bytes)));
        return { pieces, bands: imageBands(pieces, threshold) };
      };
    case 'features':
      return ({ content }) => {
        const pieces = new Uint32Array(new Uint8Array(contentKey(content)).buffer);
        return Promise.resolve({ pieces, bands: pieces.slice(0, 1) });
      };
  }
}
