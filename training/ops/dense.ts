import type { Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { biasAdd, biasAddGrad, matMul } from './direct.js';

/**
 * x (rows, in) · weightᵀ + bias, weight (out, in) as PyTorch's Linear stores it. The forward stays MatMul + BiasAdd,
 * which libtensorflow fuses; the bias gradient is one reduction.
 */
export const dense = (x: Tensor, weight: Tensor, bias: Tensor): Tensor =>
  withGradient([x, weight, bias], (x, weight, bias) => ({
    value: biasAdd(matMul(x!, weight!, false, true), bias!),
    saved: [x!, weight!],
    backward: (dy, [x, weight]) => [matMul(dy, weight!), matMul(dy, x!, true, false), biasAddGrad(dy)],
  }));
