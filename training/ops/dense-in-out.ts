import type { Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { biasAdd, biasAddGrad, matMul } from './direct.js';

/** x (rows, in) · weight + bias, weight (in, out) as transformers' Conv1D stores it: `dense` of the other layout. */
export const denseInOut = (x: Tensor, weight: Tensor, bias: Tensor): Tensor =>
  withGradient([x, weight, bias], (x, weight, bias) => ({
    value: biasAdd(matMul(x!, weight!), bias!),
    saved: [x!, weight!],
    backward: (dy, [x, weight]) => [matMul(dy, weight!, false, true), matMul(x!, dy, true, false), biasAddGrad(dy)],
  }));
