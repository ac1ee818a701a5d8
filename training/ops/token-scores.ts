import type { Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { matMul } from './direct.js';

/** features (n, width) · tableᵀ, table (outputs, width): the score of every row of the table. A dense layer without bias. */
export const tokenScores = (features: Tensor, table: Tensor): Tensor =>
  withGradient([features, table], (features, table) => ({
    value: matMul(features!, table!, false, true),
    saved: [features!, table!],
    backward: (dy, [features, table]) => [matMul(dy, table!), matMul(dy, features!, true, false)],
  }));
