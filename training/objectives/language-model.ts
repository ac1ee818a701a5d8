import { tf, type Tensor } from '../tensorflow.js';
import { crossEntropyObjective } from './cross-entropy.js';
import type { Objective } from './objective.js';

/** Cross-entropy of the next token at every position; `labels` are the tokens shifted by one already. */
export const languageModelObjective = (smoothing: number): Objective => crossEntropyObjective(true, smoothing);

/** The likeliest token of each position: outputs (n, vocabulary) to (n), as float32, which holds integers up to 2²⁴. */
export const likeliest = (outputs: Tensor): Tensor => tf.cast(tf.argMax(outputs, -1), 'float32');
