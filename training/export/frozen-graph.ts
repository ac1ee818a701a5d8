import type { Model } from '../model.js';
import { openSizes, type OpenGraph, type SketchGrid, type Sizes } from './open-sizes.js';
import { FixedSize } from './size-writer.js';
import { sketch } from './sketch.js';

export interface FrozenModel {
  readonly model: Model;
  /** Every tensor of the model by its name, head included. */
  readonly values: ReadonlyMap<string, Float32Array>;
  /** Longest input; 1 where inputs have no length. */
  readonly maxLength: number;
}

/** The forward pass as one graph without variables: from the model's inputs by name to the node `outputs`. */
export interface FrozenGraph extends OpenGraph {
  /** What could not be left open, in words; empty where the graph takes any number of examples of any length. */
  readonly fixed: readonly string[];
}

/** Unlike each other and 1, so that a size is not taken for another; nothing is computed while a model is recorded. */
const ROWS = [2, 3, 5] as const;
const LENGTHS = [4, 6, 8] as const;

/**
 * Records the model with its weights as constants. The graph takes batches of any size and texts of any length up to
 * `maxLength` where the model allows; otherwise texts of exactly `maxLength`, or one example at a time: `fixed` says which and why.
 */
export function freezeGraph(frozen: FrozenModel): FrozenGraph {
  const { model, maxLength } = frozen;
  const fixed: string[] = [];
  const attempt = (rows: readonly number[], lengths: readonly number[], what: string): FrozenGraph | null => {
    try {
      return { ...openSizes(gridOf(frozen, rows, lengths)), fixed };
    } catch (error) {
      if (!(error instanceof FixedSize)) throw error;
      fixed.push(`${what}: ${error.message}`);
      return null;
    }
  };
  const one = [maxLength, maxLength, maxLength];
  const lengths = LENGTHS.map((length) => length - LENGTHS[2] + Math.min(maxLength, LENGTHS[2]));
  const only = `texts of exactly ${maxLength} tokens`;
  if (hasLength(model) && lengths[0]! < 1) fixed.push(`${only}: too short to vary`);
  const graph =
    (hasLength(model) && lengths[0]! > 0 ? attempt(ROWS, lengths, only) : null) ??
    attempt(ROWS, one, 'one example at a time') ??
    attempt([1, 1, 1], one, 'sizes');
  if (!graph) throw new Error(`export: two recordings of the same sizes differ: ${fixed.at(-1)!}`);
  return graph;
}

const hasLength = (model: Model): boolean =>
  JSON.stringify(model.inputs(2, LENGTHS[0])) !== JSON.stringify(model.inputs(2, LENGTHS[1]));

function gridOf({ model, values }: FrozenModel, rows: readonly number[], lengths: readonly number[]): SketchGrid {
  const [r1, r2, r3] = rows as [number, number, number];
  const [l1, l2, l3] = lengths as [number, number, number];
  const at = [
    { rows: r1, bucket: l1 },
    { rows: r2, bucket: l1 },
    { rows: r1, bucket: l2 },
    { rows: r2, bucket: l2 },
    { rows: r3, bucket: l3 },
  ] as const;
  const record = (sizes: Sizes) => sketch(model, values, sizes);
  return { at, sketches: [record(at[0]), record(at[1]), record(at[2]), record(at[3]), record(at[4])] };
}
