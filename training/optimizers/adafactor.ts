/**
 * Adafactor (Shazeer & Stern, 2018) as torch.optim.Adafactor has it, with its defaults: the rate is relative to the size of the
 * tensor and at most 1 / sqrt(step), an update's root mean square at most 1, and the mean of squares fades by 1 - step^-0.8.
 *
 * State of a matrix: `adafactor.row/<name>` (…, rows, 1) and `adafactor.col/<name>` (…, 1, columns), over the last two axes; of a
 * vector `adafactor.v/<name>`.
 */
import { typeAttribute } from '../compile/attributes.js';
import type { NodeRef } from '../compile/graph.js';
import type { UpdateContext } from '../compile/program.js';
import { power } from '../../data/exact-math.js';
import { binding } from '../tensorflow.js';
import { after, assign, boolAttribute, decayWeight, descend, float, once, read, scalar, T } from './nodes.js';
import type { Optimizer } from './optimizer.js';

/** float32's distance from 1 to the next number: PyTorch's epsilon1 when none is given. */
const EPSILON1 = 2 ** -23;
/** A tensor's size counts as at least this much, so that one of zeros learns. */
const EPSILON2 = 1e-3;
const BETA2_DECAY = -0.8;
const scalarInput = { shape: [], dtype: 'float32' } as const;

const v = (name: string) => `adafactor.v/${name}`;
const row = (name: string) => `adafactor.row/${name}`;
const col = (name: string) => `adafactor.col/${name}`;

export function adafactor(): Optimizer {
  return {
    slots: (name, shape) =>
      new Map(
        shape.length < 2
          ? [[v(name), shape]]
          : [
              [row(name), [...shape.slice(0, -1), 1]],
              [col(name), [...shape.slice(0, -2), 1, shape.at(-1)!]],
            ],
      ),
    inputs: { rateLimit: scalarInput, freshShare: scalarInput },
    feeds: (step) => ({
      rateLimit: Float32Array.of(1 / Math.sqrt(step)),
      freshShare: Float32Array.of(power(step, BETA2_DECAY)),
    }),
    update(context, trained, inputs) {
      const { name, shape, rate } = trained;
      const gradient = context.ref(trained.gradient);
      const elements = shape.reduce((product, size) => product * size, 1);
      const [limit, fresh] = [context.ref(inputs['rateLimit']!), context.ref(inputs['freshShare']!)];
      // One read for both: the size is that of before the decay.
      const weight = read(context, name, after(gradient));
      const decayed = decayWeight(context, trained, weight);
      const size = rootMeanSquare(context, weight, elements);
      const rho = once(context, `rho ${rate}`, () => float(context, 'Minimum', rate, limit));
      const alpha = float(context, 'Mul', float(context, 'Maximum', size, scalar(context, EPSILON2)), rho);

      const squares = float(context, 'Square', gradient);
      const { mean, stored } =
        shape.length < 2
          ? meanSquares(context, name, squares, fresh)
          : factoredMeanSquares(context, name, shape.length, squares, fresh);
      const floored = float(context, 'Maximum', mean, scalar(context, EPSILON1 * EPSILON1));
      const update = float(context, 'Mul', float(context, 'Rsqrt', floored), gradient);
      const length = float(context, 'Maximum', rootMeanSquare(context, update, elements), scalar(context, 1));
      const step = float(context, 'RealDiv', alpha, length);
      return descend(context, name, step, update, ...decayed, ...stored);
    },
  };
}

/** sqrt(mean(x²)) in one pass. */
const rootMeanSquare = (context: UpdateContext, x: NodeRef, elements: number): NodeRef =>
  float(context, 'Sqrt', float(context, 'Mul', float(context, 'L2Loss', x), scalar(context, 2 / elements)));

/** slot + share · (value - slot), and the node that stores it. */
function fade(
  context: UpdateContext,
  slot: string,
  value: NodeRef,
  share: NodeRef,
): { faded: NodeRef; stored: NodeRef } {
  const old = read(context, slot);
  const faded = float(context, 'AddV2', old, float(context, 'Mul', float(context, 'Sub', value, old), share));
  return { faded, stored: after(assign(context, slot, faded)) };
}

interface MeanSquares {
  readonly mean: NodeRef;
  readonly stored: readonly NodeRef[];
}

function meanSquares(context: UpdateContext, name: string, squares: NodeRef, share: NodeRef): MeanSquares {
  const { faded, stored } = fade(context, v(name), squares, share);
  return { mean: faded, stored: [stored] };
}

/** row · col / mean(row), the best approximation of rank 1 (ibid., section 3). */
function factoredMeanSquares(
  context: UpdateContext,
  name: string,
  rank: number,
  squares: NodeRef,
  share: NodeRef,
): MeanSquares {
  const rows = fade(context, row(name), meanOver(context, squares, rank - 1), share); // (…, rows, 1)
  const cols = fade(context, col(name), meanOver(context, squares, rank - 2), share); // (…, 1, columns)
  const level = float(context, 'Maximum', meanOver(context, rows.faded, rank - 2), scalar(context, EPSILON1)); // (…, 1, 1)
  const relative = float(context, 'RealDiv', rows.faded, level);
  return { mean: float(context, 'Mul', relative, cols.faded), stored: [rows.stored, cols.stored] };
}

function meanOver(context: UpdateContext, x: NodeRef, axis: number): NodeRef {
  const { graph } = context;
  const at = once(context, `axis ${axis}`, () => graph.constant(binding.TF_INT32, [1], Int32Array.of(axis)));
  return graph.add('Mean', [x, at], { T, Tidx: typeAttribute(binding.TF_INT32), keep_dims: boolAttribute(true) });
}
