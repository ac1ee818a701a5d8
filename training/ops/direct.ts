import { backend, binding, type Tensor, type TFEOpAttr } from '../tensorflow.js';

/**
 * TensorFlow ops that tfjs has no function for, called by their own names. They run eagerly and, while a step is being
 * recorded, become nodes of its graph like any other op. They have no gradient of their own: see the callers.
 */

export const FLOAT = binding.TF_FLOAT;
export const INT32 = binding.TF_INT32;

export const typeAttr = (name: string, value: number): TFEOpAttr => ({ name, type: binding.TF_ATTR_TYPE, value });
export const boolAttr = (name: string, value: boolean): TFEOpAttr => ({ name, type: binding.TF_ATTR_BOOL, value });
export const intAttr = (name: string, value: number): TFEOpAttr => ({ name, type: binding.TF_ATTR_INT, value });
export const stringAttr = (name: string, value: string): TFEOpAttr => ({ name, type: binding.TF_ATTR_STRING, value });

const T = typeAttr('T', FLOAT);

/** x (rows, n) times y (n, columns), either of them transposed first when asked. */
export const matMul = (x: Tensor, y: Tensor, transposeX = false, transposeY = false): Tensor =>
  backend.executeSingleOutput(
    'MatMul',
    [T, boolAttr('transpose_a', transposeX), boolAttr('transpose_b', transposeY)],
    [x, y],
  );

/** Matrix products over all leading axes. */
export const batchMatMul = (x: Tensor, y: Tensor, adjointX = false, adjointY = false): Tensor =>
  backend.executeSingleOutput('BatchMatMulV2', [T, boolAttr('adj_x', adjointX), boolAttr('adj_y', adjointY)], [x, y]);

/** Adds bias (n) to the last axis of x (…, n); kept apart from Add so that libtensorflow can fuse it into a MatMul. */
export const biasAdd = (x: Tensor, bias: Tensor): Tensor =>
  backend.executeSingleOutput('BiasAdd', [T, stringAttr('data_format', 'NHWC')], [x, bias]);

/** Sum of x (…, n) over all axes but the last. */
export const biasAddGrad = (x: Tensor): Tensor =>
  backend.executeSingleOutput('BiasAddGrad', [T, stringAttr('data_format', 'NHWC')], [x]);

/** sum(x²) / 2 in one pass, without the squares in memory. */
export const halfSquaredNorm = (x: Tensor): Tensor => backend.executeSingleOutput('L2Loss', [T], [x]);

/** Uniform in [0, 1), a function of shape and seed (2) alone: Philox 4x32-10 (Salmon et al., 2011). */
export const statelessUniform = (shape: Tensor, seed: Tensor): Tensor =>
  backend.executeSingleOutput(
    'StatelessRandomUniform',
    [typeAttr('dtype', FLOAT), typeAttr('T', INT32), typeAttr('Tseed', INT32)],
    [shape, seed],
  );

/** Cross-entropy of each row of logits (rows, classes) against labels (rows), and its gradient. */
export const sparseCrossEntropy = (logits: Tensor, labels: Tensor): [Tensor, Tensor] =>
  backend.executeMultipleOutputs(
    'SparseSoftmaxCrossEntropyWithLogits',
    [T, typeAttr('Tlabels', INT32)],
    [logits, labels],
    2,
  ) as [Tensor, Tensor];
