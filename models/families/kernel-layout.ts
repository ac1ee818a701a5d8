/**
 * Kernels of convolutions. torch stores (out, in, height, width), and (channels, 1, height, width) where every channel is
 * convolved by itself; TensorFlow computes with (height, width, in, out) and (height, width, channels, 1). Ours are
 * TensorFlow's: a step that transposed them would do so on the way in and again for every gradient.
 */
import { ModelError } from '../model-error.js';
import type { FileTensor } from './image-family.js';

/** Permutation that turns torch's axes into ours: our axis i is torch's axis order[i]. */
const order = (depthwise: boolean): readonly number[] => (depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]);

export function shapeFromTorch(shape: readonly number[], depthwise: boolean): readonly number[] {
  return shape.length === 4 ? order(depthwise).map((axis) => shape[axis]!) : shape;
}

/** @throws ModelError for a kernel that has not four axes. */
export function kernelFromTorch(values: Float32Array, shape: readonly number[], depthwise: boolean): Float32Array {
  if (shape.length !== 4) throw new ModelError(`expected a kernel of four axes, found [${shape.join(', ')}]`);
  return permuted(values, shape, order(depthwise));
}

export function kernelToTorch(values: Float32Array, shape: readonly number[], depthwise: boolean): FileTensor {
  const axes = order(depthwise);
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return { values: permuted(values, shape, inverse), shape: inverse.map((axis) => shape[axis]!) };
}

/** Row-major values of `shape` with axis i of the result being axis order[i] of the input. */
function permuted(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const [a, b, c, d] = order.map((axis) => shape[axis]!) as [number, number, number, number];
  const [sa, sb, sc, sd] = order.map((axis) => strides[axis]!) as [number, number, number, number];
  const result = new Float32Array(values.length);
  let at = 0;
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++) for (let l = 0; l < d; l++) result[at++] = values[i * sa + j * sb + k * sc + l * sd]!;
  return result;
}
