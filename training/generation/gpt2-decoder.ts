import { WORD_EMBEDDINGS, type Gpt2Config } from '../../models/families/gpt2.js';
import { typeAttribute } from '../compile/attributes.js';
import type { FunctionSpec, UpdateContext } from '../compile/program.js';
import { gpt2Blocks, lastTokens } from '../models/gpt2.js';
import { attention } from '../ops/attention.js';
import { causalBias, joinHeads, splitProjection, UNSEEN } from '../ops/causal-attention.js';
import { batchMatMul, matMul } from '../ops/direct.js';
import { noDropout } from '../ops/dropout.js';
import { embed } from '../ops/embedding.js';
import { evaluationPass } from '../step-functions.js';
import { binding, tf, type Tensor } from '../tensorflow.js';
import { DECODE, prefillName, type Decoder } from './decoder.js';

export interface DecoderSize {
  readonly rows: number;
  /** Lengths that prompts are padded to, each at most `positions`. */
  readonly buckets: readonly number[];
  /** At most the model's own. */
  readonly positions: number;
}

const keysOf = (block: number) => `generation.keys/${block}`;
const valuesOf = (block: number) => `generation.values/${block}`;

/** What a pass has to leave in the cache, block by block: (rows, heads, length, width / heads). */
type Written = { readonly keys: Tensor; readonly values: Tensor }[];

/**
 * The decoder of a GPT-2. Each row has its own position: prompts of unlike lengths are padded at their end, and what padding
 * leaves in the cache lies at or beyond the row's position, where nothing looks before a token has overwritten it.
 */
export function gpt2Decoder(config: Gpt2Config, size: DecoderSize): Decoder {
  const { rows, positions } = size;
  const buckets = [...size.buckets].sort((a, b) => a - b);
  const shape = [rows, config.heads, positions, config.width / config.heads];
  const blocks = Array.from({ length: config.layers }, (_, block) => block);
  return {
    ...{ rows, buckets, positions, vocabulary: config.vocabSize },
    variables: new Map(
      blocks.flatMap((block) => [keysOf(block), valuesOf(block)].map((name) => [name, shape] as const)),
    ),
    functions: {
      ...Object.fromEntries(buckets.map((bucket) => [prefillName(bucket), prefill(config, rows, bucket, positions)])),
      [DECODE]: decode(config, rows, positions),
    },
  };
}

/** All positions of the prompts at once, as in training; then the cache holds theirs and zeros. */
function prefill(config: Gpt2Config, rows: number, bucket: number, positions: number): FunctionSpec {
  return {
    inputs: { ids: { shape: [rows, bucket], dtype: 'int32' }, mask: { shape: [rows, bucket], dtype: 'float32' } },
    trace({ ids, mask }, variable) {
      const words = tf.reshape(embed(variable(WORD_EMBEDDINGS), tf.reshape(ids!, [-1])), [rows, bucket, config.width]);
      const embedded = tf.add(words, tf.slice(variable('wpe.weight'), [0, 0], [bucket, config.width]));
      const bias = causalBias(bucket);
      const written: Written = [];
      const start = tf.reshape(embedded, [rows * bucket, config.width]);
      const hidden = gpt2Blocks(config, variable, start, evaluationPass, (projected) => {
        const [query, key, value] = splitProjection(projected, rows, config.heads);
        const whole = (x: Tensor) => tf.pad(x, [[0, 0], [0, 0], [0, positions - bucket], [0, 0]]); // prettier-ignore
        written.push({ keys: whole(key), values: whole(value) });
        return joinHeads(attention(query, key, value, bias, noDropout));
      });
      const scores = matMul(embed(hidden, lastTokens({ mask: mask! })), variable(WORD_EMBEDDINGS), false, true);
      return {
        outputs: { scores },
        update: ({ graph, handle, ref }) =>
          written.flatMap(({ keys, values }, block) =>
            [[keysOf(block), keys] as const, [valuesOf(block), values] as const].map(([name, tensor]) =>
              graph.add('AssignVariableOp', [handle(name), ref(tensor)], { dtype: FLOAT }),
            ),
          ),
      };
    },
  };
}

/** One token a row, which sees what the cache holds before its position, and itself. */
function decode(config: Gpt2Config, rows: number, positions: number): FunctionSpec {
  const { heads } = config;
  return {
    inputs: { tokens: { shape: [rows], dtype: 'int32' }, positions: { shape: [rows], dtype: 'int32' } },
    trace({ tokens, positions: at }, variable) {
      const embedded = tf.add(embed(variable(WORD_EMBEDDINGS), tokens!), embed(variable('wpe.weight'), at!));
      const places = tf.tensor2d(Int32Array.from({ length: positions }, (_, i) => i), [1, positions], 'int32'); // prettier-ignore
      const unseen = tf.cast(tf.greaterEqual(places, tf.reshape(at!, [rows, 1])), 'float32');
      const bias = tf.reshape(tf.mul(unseen, UNSEEN), [rows, 1, 1, positions]);
      const written: Written = [];
      const hidden = gpt2Blocks(config, variable, embedded, evaluationPass, (projected, block) => {
        const [query, key, value] = splitProjection(projected, rows, heads); // (rows, heads, 1, width / heads)
        written.push({ keys: key, values: value });
        return joinHeads(attendToCache(query, key, value, variable(keysOf(block)), variable(valuesOf(block)), bias));
      });
      const scores = matMul(hidden, variable(WORD_EMBEDDINGS), false, true);
      const cells = cellsAt(at!, rows, heads);
      const flat = written.map(({ keys, values }) => ({ keys: perHead(keys), values: perHead(values) }));
      return { outputs: { scores }, update: (context) => writeCells(context, flat, cells, scores) };
    },
  };
}

/** Softmax over the cached positions and the new one together; the new one is not in the cache yet. */
function attendToCache(query: Tensor, key: Tensor, value: Tensor, keys: Tensor, values: Tensor, bias: Tensor): Tensor {
  const [rows, heads, positions, width] = keys.shape as [number, number, number, number];
  const scaled = tf.mul(query, 1 / Math.sqrt(width));
  const before = tf.add(batchMatMul(scaled, keys, false, true), bias); // (rows, heads, 1, positions)
  const own = tf.sum(tf.mul(scaled, key), -1, true); // (rows, heads, 1, 1)
  const weights = tf.softmax(tf.concat([before, own], 3));
  const seen = tf.slice(weights, [0, 0, 0, 0], [rows, heads, 1, positions]);
  const last = tf.slice(weights, [0, 0, 0, positions], [rows, heads, 1, 1]);
  return tf.add(batchMatMul(seen, values), tf.mul(last, value));
}

const FLOAT = typeAttribute(binding.TF_FLOAT);
const INT32 = typeAttribute(binding.TF_INT32);

/** (rows · heads, 3): row, head and the row's position. */
function cellsAt(positions: Tensor, rows: number, heads: number): Tensor {
  const rowsAndHeads = Int32Array.from({ length: rows * heads * 2 }, (_, i) =>
    i % 2 === 0 ? Math.floor(i / 2 / heads) : ((i - 1) / 2) % heads,
  );
  const repeated = tf.reshape(tf.tile(tf.reshape(positions, [rows, 1]), [1, heads]), [rows * heads, 1]);
  return tf.concat([tf.tensor2d(rowsAndHeads, [rows * heads, 2], 'int32'), repeated], 1);
}

const perHead = (x: Tensor): Tensor => {
  const [rows, heads, , width] = x.shape as [number, number, number, number];
  return tf.reshape(x, [rows * heads, width]);
};

/** After the scores, when every block has read its cache: then the cells are overwritten in place, without a copy. */
function writeCells({ graph, handle, ref }: UpdateContext, written: Written, cells: Tensor, scores: Tensor) {
  return written.flatMap(({ keys, values }, block) =>
    [[keysOf(block), keys] as const, [valuesOf(block), values] as const].map(([name, tensor]) =>
      graph.add('ResourceScatterNdUpdate', [handle(name), ref(cells), ref(tensor), `^${ref(scores)}`], {
        T: FLOAT,
        Tindices: INT32,
      }),
    ),
  );
}
