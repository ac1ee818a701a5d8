import { setImmediate } from 'node:timers/promises';
import type { GenerationSettings } from '../../models/generation-settings.js';
import { ModelError } from '../../models/model-error.js';
import type { Program } from '../compile/program.js';
import { draw } from '../counter-random.js';
import { DECODE, prefillName, type Decoder } from './decoder.js';
import { nextToken } from './sampling.js';

/**
 * Goes on with up to `decoder.rows` prompts of token ids, all at once. Every yield is one more token of each prompt, null where
 * its text has ended: after `endOfTextId`, which is yielded too, or after maxNewTokens. Ends when all have.
 *
 * A draw is a function of (seed, prompt's place, token's place), so the same call gives the same tokens, also when it is cut
 * and made again. Between tokens the event loop has a turn: whoever serves this can tell how far it is, or leave the loop.
 * @throws ModelError for a prompt without tokens, or one with which maxNewTokens exceed the decoder's positions.
 */
export async function* generate(
  program: Pick<Program, 'run'>,
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  settings: GenerationSettings,
  endOfTextId: number | null,
): AsyncGenerator<readonly (number | null)[]> {
  const bucket = bucketOf(decoder, prompts, settings.maxNewTokens);
  const texts = prompts.map((prompt) => [...prompt]);
  const ended = texts.map(() => false);
  let scores = program.run(prefillName(bucket), padded(decoder.rows, bucket, prompts))['scores']!;
  for (let count = 1; ; count++) {
    const tokens = texts.map((text, row) => {
      if (ended[row]) return null;
      const own = scores.subarray(row * decoder.vocabulary, (row + 1) * decoder.vocabulary);
      const token = nextToken(own, text, settings, draw(settings.seed, row, text.length) / 2 ** 32);
      text.push(token);
      ended[row] = token === endOfTextId;
      return token;
    });
    yield tokens;
    if (count === settings.maxNewTokens || ended.every(Boolean)) return;
    await setImmediate();
    scores = program.run(DECODE, lastOf(decoder.rows, texts))['scores']!;
  }
}

function bucketOf(decoder: Decoder, prompts: readonly (readonly number[])[], maxNewTokens: number): number {
  const { rows, positions, buckets } = decoder;
  if (prompts.length === 0 || prompts.length > rows) {
    throw new Error(`generate: expected 1 to ${rows} prompts, found ${prompts.length}`);
  }
  prompts.forEach((prompt, i) => {
    if (prompt.length === 0) {
      throw new ModelError(`prompt ${i + 1}: expected at least one token, found none: begin with a word`);
    }
    // The last token is never read back, so it needs no place.
    if (prompt.length + maxNewTokens - 1 > positions) {
      throw new ModelError(
        `prompt ${i + 1}: expected at most ${positions + 1} tokens with those to come, found ${prompt.length} and maxNewTokens ${maxNewTokens}: shorten the prompt or lower maxNewTokens`,
      );
    }
  });
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const bucket = buckets.find((length) => length >= longest);
  if (bucket === undefined) {
    throw new ModelError(`prompts: expected at most ${buckets.at(-1)} tokens, found one with ${longest}: shorten it`);
  }
  return bucket;
}

/** Rows without a prompt have one token of padding, like any text. */
function padded(rows: number, bucket: number, prompts: readonly (readonly number[])[]) {
  const ids = new Int32Array(rows * bucket);
  const mask = new Float32Array(rows * bucket);
  prompts.forEach((prompt, row) => {
    ids.set(prompt, row * bucket);
    mask.fill(1, row * bucket, row * bucket + prompt.length);
  });
  return { ids, mask };
}

/** Each text's last token and its position. An ended text does its last one again: nobody looks. */
function lastOf(rows: number, texts: readonly (readonly number[])[]) {
  const tokens = new Int32Array(rows);
  const positions = new Int32Array(rows);
  texts.forEach((text, row) => {
    tokens[row] = text.at(-1)!;
    positions[row] = text.length - 1;
  });
  return { tokens, positions };
}
