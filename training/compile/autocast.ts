/**
 * bfloat16 in a graph whose tensors tfjs takes for float32.
 *
 * A product takes its inputs in bfloat16, and so do the ops that follow it and only move, widen by a bias or cut off values: what
 * they compute stays bfloat16 until something else asks for it in float32. Master weights are cast once per function and serve
 * forward and backward pass alike. Sums over many values (Softmax, Mean, losses, norms, bias gradients) are never in bfloat16.
 */

/** The inputs of a product that are values; others are shapes. */
const products: Readonly<Record<string, readonly number[]>> = {
  MatMul: [0, 1],
  BatchMatMul: [0, 1],
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
  DepthwiseConv2dNative: [0, 1],
  DepthwiseConv2dNativeBackpropInput: [1, 2],
  DepthwiseConv2dNativeBackpropFilter: [0, 2],
};

/** Ops that stay in bfloat16 where their first input is. Values: how many of the inputs are values. */
const followers: Readonly<Record<string, number>> = {
  ...{ BiasAdd: 2, Relu: 1, Reshape: 1, Transpose: 1, ExpandDims: 1, Squeeze: 1, Slice: 1, Identity: 1, Snapshot: 1 },
};

/** Which inputs an op takes in bfloat16; empty: it runs in float32. `isHalf` says which inputs were computed in bfloat16. */
export function halfInputs(op: string, isHalf: readonly boolean[]): readonly number[] {
  const product = products[op];
  if (product) return product;
  const values = followers[op];
  return values !== undefined && isHalf[0] ? Array.from({ length: values }, (_, i) => i) : [];
}
