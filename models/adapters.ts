/** Low-rank adapters (Hu et al., 2021): beside a frozen matrix W (out, in) train A (rank, in) and B (out, rank). */
import type { Job } from '../job/schema.js';
import type { Family } from './families/family.js';
import { matcher } from './name-patterns.js';
import type { TensorSpec } from './tensor-spec.js';

export interface AdapterSpec {
  /** The matrix of the base that it is added to. */
  readonly tensor: string;
  readonly a: TensorSpec;
  readonly b: TensorSpec;
}

const A = 'lora.A/';
const B = 'lora.B/';

/** The tensor of the base that an adapter's tensor belongs to; null for any other tensor. */
export const adaptedTensor = (name: string): string | null =>
  name.startsWith(A) || name.startsWith(B) ? name.slice(A.length) : null;
export const isAdapterA = (name: string): boolean => name.startsWith(A);

/**
 * The adapters that a job's `lora` asks for.
 * @throws ModelError for a pattern that matches no matrix.
 */
export function adaptersOf(
  { rank, targets }: NonNullable<Job['lora']>,
  base: readonly TensorSpec[],
  family: Pick<Family, 'adapterTargets'>,
): AdapterSpec[] {
  const matrices = base.filter(({ shape, kind }) => shape.length === 2 && kind !== 'statistic');
  const names = matrices.map(({ name }) => name);
  const matches = matcher(targets ?? family.adapterTargets, 'lora.targets', names, 'matrix');
  return matrices
    .filter(({ name }) => matches(name))
    .map(({ name, shape }) => ({
      tensor: name,
      a: { name: `${A}${name}`, shape: [rank, shape[1]!] },
      b: { name: `${B}${name}`, shape: [shape[0]!, rank] },
    }));
}
