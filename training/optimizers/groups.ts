import type { Job } from '../../job/schema.js';
import { matcher } from '../../models/name-patterns.js';
import { wholePower } from '../../data/exact-math.js';

/** A tensor and where in the model it stands: -1 before the first block, `blocks` after the last one. */
export interface PlacedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly block: number;
}

/** How fast one tensor learns. */
export interface TensorRate {
  /** Multiplies the step's learning rate. */
  readonly factor: number;
  readonly weightDecay: number;
}

/**
 * Rate and decay of each tensor: the first group with a matching pattern counts, times layerDecay for every block that lies
 * behind (Howard & Ruder, 2018; counted as BEiT does, Bao et al., 2022: the head and what follows the last block at the full
 * rate). Biases and normalisation layers never decay, whatever group they are in.
 *
 * @param tensors All tensors of the model, the frozen ones too: a group may name what is not thawed yet.
 * @throws ModelError for a pattern that matches no tensor.
 */
export function ratePlan(
  train: Pick<Job['train'], 'groups' | 'layerDecay' | 'weightDecay'>,
  tensors: readonly PlacedTensor[],
  blocks: number,
): ReadonlyMap<string, TensorRate> {
  const names = tensors.map(({ name }) => name);
  const groups = train.groups.map((group, index) => ({
    ...group,
    matches: matcher(group.match, `train.groups[${index}].match`, names),
  }));
  return new Map(
    tensors.map((tensor) => {
      const group = groups.find(({ matches }) => matches(tensor.name));
      const behind = tensor.name.startsWith('head.') ? 0 : blocks - tensor.block;
      return [
        tensor.name,
        {
          factor: (group?.rate ?? 1) * wholePower(train.layerDecay, behind),
          weightDecay: decays(tensor) ? (group?.weightDecay ?? train.weightDecay) : 0,
        },
      ];
    }),
  );
}

/** The convention since BERT, by shape: biases and the gains of LayerNorm and BatchNorm have one axis. */
const decays = ({ name, shape }: PlacedTensor): boolean => shape.length > 1 && !/(^|\.)bias$/.test(name);
