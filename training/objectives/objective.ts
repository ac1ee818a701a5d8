import type { InputSpec } from '../compile/program.js';
import type { Tensor } from '../tensorflow.js';

/** What a task trains towards: the loss of outputs against targets. */
export interface Objective {
  /** What is fed besides the model's inputs. `weights` (one per output row) is always among them; 0 leaves a row out. */
  targets(rows: number, bucket: number): Readonly<Record<string, InputSpec>>;
  /** What is fed in training, where that is another than in evaluation: rows that are mixed have a part of two labels. */
  trainingTargets?(rows: number, bucket: number): Readonly<Record<string, InputSpec>>;
  /** Loss of each output row (n), not reduced; `smoothing` applies in training only. Differentiable by `outputs`. */
  losses(outputs: Tensor, targets: Readonly<Record<string, Tensor>>, training: boolean): Tensor;
  /** What an evaluation fetches in place of `outputs` where these are too large (one score per word of a vocabulary). */
  summarise?(outputs: Tensor, targets: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>>;
}

/** What a training step is fed besides the model's inputs. */
export const trainingTargetsOf = (
  objective: Objective,
  rows: number,
  bucket: number,
): Readonly<Record<string, InputSpec>> => objective.trainingTargets?.(rows, bucket) ?? objective.targets(rows, bucket);
