import { backend, binding, tf, type Tensor, type TFEOpAttr } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { biasAdd, biasAddGrad, boolAttr, FLOAT, stringAttr, typeAttr } from './direct.js';

/** `same` as TensorFlow has it (the odd pixel goes right and below), none, or so many pixels on every side, as torch has it. */
export type Padding = 'same' | 'valid' | number;

const T = typeAttr('T', FLOAT);
export const intListAttr = (name: string, value: number[]): TFEOpAttr => ({
  name,
  type: binding.TF_ATTR_INT,
  value: value as never,
});

/**
 * Padding as the op names it. Pixels on every side become SAME where both mean the same, so that only strided kernels take
 * the less trodden EXPLICIT.
 */
export function paddingAttrs(padding: Padding, size: readonly number[], kernel: number, stride: number): TFEOpAttr[] {
  if (typeof padding === 'string') return [stringAttr('padding', padding.toUpperCase())];
  const isSame = size.every((n) => {
    const total = Math.max((Math.ceil(n / stride) - 1) * stride + kernel - n, 0);
    return total === 2 * padding;
  });
  if (isSame) return [stringAttr('padding', 'SAME')];
  return [
    stringAttr('padding', 'EXPLICIT'),
    intListAttr('explicit_paddings', [0, 0, padding, padding, padding, padding, 0, 0]),
  ];
}

function attrsOf(x: Tensor, kernel: Tensor, stride: number, padding: Padding): TFEOpAttr[] {
  return [
    T,
    intListAttr('strides', [1, stride, stride, 1]),
    ...paddingAttrs(padding, x.shape.slice(1, 3), kernel.shape[0]!, stride),
    stringAttr('data_format', 'NHWC'),
    intListAttr('dilations', [1, 1, 1, 1]),
  ];
}

const sizes = (tensor: Tensor): Tensor => tf.tensor1d(tensor.shape, 'int32');
const run = (op: string, attrs: TFEOpAttr[], ...inputs: Tensor[]): Tensor =>
  backend.executeSingleOutput(op, attrs, inputs);

/** x (rows, height, width, in) convolved with a kernel (size, size, in, out): (rows, height / stride, width / stride, out). */
export const conv2d = (x: Tensor, kernel: Tensor, stride: number, padding: Padding): Tensor =>
  withGradient([x, kernel], (x, kernel) => {
    const attrs = [...attrsOf(x!, kernel!, stride, padding), boolAttr('use_cudnn_on_gpu', true)];
    return {
      value: run('Conv2D', attrs, x!, kernel!),
      saved: [x!, kernel!],
      backward: (dy, [x, kernel]) => [
        run('Conv2DBackpropInput', attrs, sizes(x!), kernel!, dy),
        run('Conv2DBackpropFilter', attrs, x!, sizes(kernel!), dy),
      ],
    };
  });

/** Every channel of x (rows, height, width, channels) convolved by itself with a kernel (size, size, channels, 1). */
export const depthwiseConv2d = (x: Tensor, kernel: Tensor, stride: number, padding: Padding): Tensor =>
  withGradient([x, kernel], (x, kernel) => {
    const attrs = attrsOf(x!, kernel!, stride, padding);
    return {
      value: run('DepthwiseConv2dNative', attrs, x!, kernel!),
      saved: [x!, kernel!],
      backward: (dy, [x, kernel]) => [
        run('DepthwiseConv2dNativeBackpropInput', attrs, sizes(x!), kernel!, dy),
        run('DepthwiseConv2dNativeBackpropFilter', attrs, x!, sizes(kernel!), dy),
      ],
    };
  });

/** Adds bias (channels) to the last axis of x. */
export const addBias = (x: Tensor, bias: Tensor): Tensor =>
  withGradient([x, bias], (x, bias) => ({
    value: biasAdd(x!, bias!),
    saved: [],
    backward: (dy) => [dy, biasAddGrad(dy)],
  }));
