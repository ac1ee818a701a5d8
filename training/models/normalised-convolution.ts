import type { NormalisedConvolution } from '../../models/families/normalised-convolution.js';
import type { Parameters, Pass } from '../model.js';
import { activations, type Activation } from '../ops/activations.js';
import { batchNorm } from '../ops/batch-norm.js';
import { conv2d, depthwiseConv2d, type Padding } from '../ops/conv.js';
import type { Tensor } from '../tensorflow.js';

export interface NormalisedConvolutionSettings {
  readonly activation: Activation;
  readonly epsilon: number;
  /** Of a kernel of this size. */
  readonly padding: (size: number) => Padding;
}

/**
 * Convolution, batch normalisation, activation: x (rows, height, width, in) to (rows, height / stride, width / stride, out).
 * In training the batch's statistics normalise, unless the gain is frozen; the running ones then stay as they are.
 */
export const normalisedConvolution =
  (p: Parameters, pass: Pass, { activation, epsilon, padding }: NormalisedConvolutionSettings) =>
  (x: Tensor, { name, size, stride, depthwise, activated }: NormalisedConvolution): Tensor => {
    const convolve = depthwise ? depthwiseConv2d : conv2d;
    const convolved = convolve(x, p(`${name}.convolution.weight`), stride, size === 1 ? 'valid' : padding(size));
    const norm = `${name}.normalization`;
    const running = { mean: p(`${norm}.running_mean`), variance: p(`${norm}.running_var`) };
    const byBatch = pass.training && !pass.isFrozen(`${norm}.weight`);
    const { value, updated } = batchNorm(
      ...([convolved, p(`${norm}.weight`), p(`${norm}.bias`), running, epsilon] as const),
      byBatch ? 'batch' : 'running',
    );
    if (byBatch) {
      pass.update(`${norm}.running_mean`, updated.mean);
      pass.update(`${norm}.running_var`, updated.variance);
    }
    return activated ? activations[activation](value) : value;
  };
