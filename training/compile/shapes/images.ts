import { each, type OpCall, type Rule, type Rules, type TensorType } from './rule.js';

/** Where height, width and channels are. */
const axesOf = ({ attribute }: OpCall) =>
  (attribute('data_format') === 'NCHW' ? [2, 3, 1] : [1, 2, 3]) as [number, number, number];

/** Output size of a window that slides along an axis of `size`. */
function slid(call: OpCall, axis: number, size: number, window: number): number {
  const stride = (call.attribute('strides') as number[])[axis]!;
  const dilation = (call.attribute('dilations') as number[] | undefined)?.[axis] ?? 1;
  const reach = (window - 1) * dilation + 1;
  if (call.attribute('padding') === 'SAME') return Math.ceil(size / stride);
  const explicit = call.attribute('explicit_paddings') as number[] | undefined;
  const added = call.attribute('padding') === 'EXPLICIT' ? explicit![2 * axis]! + explicit![2 * axis + 1]! : 0;
  return Math.floor((size + added - reach) / stride) + 1;
}

/** The image after windows of (height, width) with `channels` results each. */
function windowed(call: OpCall, x: TensorType, window: readonly [number, number], channels: number): TensorType[] {
  const [height, width, depth] = axesOf(call);
  const shape = x.shape
    .with(height, slid(call, height, x.shape[height]!, window[0]))
    .with(width, slid(call, width, x.shape[width]!, window[1]))
    .with(depth, channels);
  return [{ shape, dtype: x.dtype }];
}

const convolution =
  (channels: (filter: readonly number[]) => number): Rule =>
  (call) => {
    const [x, { shape: filter }] = call.inputs as [TensorType, TensorType];
    return windowed(call, x, [filter[0]!, filter[1]!], channels(filter));
  };

const pool: Rule = (call) => {
  const [height, width, depth] = axesOf(call);
  const [x, window] = [call.inputs[0]!, call.attribute('ksize') as number[]];
  return windowed(call, x, [window[height]!, window[width]!], x.shape[depth]!);
};

const normalised: Rule = (call) => {
  const x = call.inputs[0]!;
  const perChannel = { shape: [x.shape[axesOf(call)[2]]!], dtype: call.inputs[1]!.dtype };
  const reserved = { shape: [0], dtype: perChannel.dtype };
  return [x, perChannel, perChannel, perChannel, perChannel, reserved].slice(0, call.outputs);
};

const normalisedGradient: Rule = ({ inputs, outputs }) => {
  const [dy, , scale] = inputs as [TensorType, TensorType, TensorType];
  const empty = { shape: [], dtype: scale.dtype };
  return [dy, scale, scale, empty, empty].slice(0, outputs);
};

const resized: Rule = ({ op, inputs, values }) => {
  const { shape, dtype } = inputs[0]!;
  const [height, width] = values(1) as [number, number];
  return [{ shape: shape.with(1, height).with(2, width), dtype: op === 'ResizeBilinear' ? 1 : dtype }];
};

const sizedByInput =
  (input: number, like: number): Rule =>
  ({ inputs, values }) => [{ shape: values(input), dtype: inputs[like]!.dtype }];

export const images: Rules = {
  Conv2D: convolution((filter) => filter[3]!),
  DepthwiseConv2dNative: convolution((filter) => filter[2]! * filter[3]!),
  ...each('Conv2DBackpropInput DepthwiseConv2dNativeBackpropInput', sizedByInput(0, 2)),
  ...each('Conv2DBackpropFilter DepthwiseConv2dNativeBackpropFilter', sizedByInput(1, 2)),
  ...each('MaxPool AvgPool', pool),
  MaxPoolGrad: ({ inputs }) => [inputs[0]!],
  AvgPoolGrad: sizedByInput(0, 1),
  ...each('FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3', normalised),
  ...each('FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3', normalisedGradient),
  ...each('ResizeBilinear ResizeNearestNeighbor', resized),
  ResizeBilinearGrad: ({ inputs }) => [inputs[1]!],
  ResizeNearestNeighborGrad: ({ inputs, values }) => {
    const [height, width] = values(1) as [number, number];
    return [{ shape: inputs[0]!.shape.with(1, height).with(2, width), dtype: inputs[0]!.dtype }];
  },
};
