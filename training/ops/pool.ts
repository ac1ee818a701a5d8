import { backend, tf, type Tensor, type TFEOpAttr } from '../tensorflow.js';
import { intListAttr, paddingAttrs, type Padding } from './conv.js';
import { withGradient } from './custom-gradient.js';
import { FLOAT, stringAttr, typeAttr } from './direct.js';

function attrsOf(x: Tensor, size: number, stride: number, padding: Padding): TFEOpAttr[] {
  return [
    typeAttr('T', FLOAT),
    intListAttr('ksize', [1, size, size, 1]),
    intListAttr('strides', [1, stride, stride, 1]),
    ...paddingAttrs(padding, x.shape.slice(1, 3), size, stride),
    stringAttr('data_format', 'NHWC'),
  ];
}

/** The largest value of each window of x (rows, height, width, channels); padding never wins. */
export const maxPool = (x: Tensor, size: number, stride: number, padding: Padding): Tensor =>
  withGradient([x], (x) => {
    const attrs = attrsOf(x!, size, stride, padding);
    const value = backend.executeSingleOutput('MaxPool', attrs, [x!]);
    return {
      value,
      saved: [x!, value],
      backward: (dy, [x, value]) => [backend.executeSingleOutput('MaxPoolGrad', attrs, [x!, value!, dy])],
    };
  });

/** The mean of each window of x (rows, height, width, channels), padding left out of it. */
export const avgPool = (x: Tensor, size: number, stride: number, padding: 'same' | 'valid'): Tensor =>
  withGradient([x], (x) => {
    const attrs = attrsOf(x!, size, stride, padding);
    const shape = x!.shape;
    return {
      value: backend.executeSingleOutput('AvgPool', attrs, [x!]),
      saved: [],
      backward: (dy) => [backend.executeSingleOutput('AvgPoolGrad', attrs, [tf.tensor1d(shape, 'int32'), dy])],
    };
  });

/** Mean over height and width of x (rows, height, width, channels): (rows, channels). */
export const globalAvgPool = (x: Tensor): Tensor =>
  withGradient([x], (x) => {
    const [rows, height, width, channels] = x!.shape as [number, number, number, number];
    return {
      value: tf.mean(x!, [1, 2]),
      saved: [],
      backward: (dy) => [
        tf.tile(tf.reshape(tf.mul(dy, 1 / (height * width)), [rows, 1, 1, channels]), [1, height, width, 1]),
      ],
    };
  });
