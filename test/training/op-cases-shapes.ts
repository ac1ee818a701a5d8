import { boolAttr, FLOAT, INT32, intAttr, stringAttr, typeAttr } from '../../training/ops/direct.js';
import { binding, type DataType, type TFEOpAttr } from '../../training/tensorflow.js';

/** An input of an op: computed by the graph, or made in JavaScript when the function is traced. */
export interface Operand {
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly values: readonly number[];
  readonly constant: boolean;
}

export interface ShapeCase {
  readonly op: string;
  readonly attrs: TFEOpAttr[];
  readonly inputs: readonly Operand[];
  readonly outputs: number;
  /** How many of the outputs have values that mean something: a kernel leaves others uninitialised. */
  readonly compared: number;
  readonly note: string;
}

const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
/** Values in (0, 1), where every function below is defined. */
const x = (...shape: number[]): Operand => ({
  ...{ shape, dtype: 'float32', constant: false },
  values: Array.from({ length: size(shape) }, (_, i) => 0.5 + 0.45 * Math.sin(1.7 * i + shape.length)),
});
const above1 = (...shape: number[]): Operand => ({ ...x(...shape), values: x(...shape).values.map((v) => v + 1) });
const bools = (...shape: number[]): Operand => ({
  ...{ shape, dtype: 'bool', constant: false },
  values: Array.from({ length: size(shape) }, (_, i) => ((i * 7) % 3) & 1),
});
const ints = (values: number[], shape: number[] = [values.length]): Operand => ({
  ...{ shape, dtype: 'int32', values, constant: false },
});
const of = (...values: number[]): Operand => ({ ...ints(values), constant: true });
const scalar = (value: number, dtype: DataType = 'int32'): Operand => ({
  ...{ shape: [], dtype, values: [value], constant: true },
});
const pairs = (...values: number[]): Operand => ({ ...ints(values, [values.length / 2, 2]), constant: true });

const T = typeAttr('T', FLOAT);
const index = (...names: string[]) => names.map((name) => typeAttr(name, INT32));
const list = (name: string, value: number[]): TFEOpAttr => ({ name, type: binding.TF_ATTR_INT, value });

const one = (op: string, attrs: TFEOpAttr[], ...inputs: Operand[]): ShapeCase => ({
  ...{ op, attrs, inputs, outputs: 1, compared: 1, note: inputs.map(({ shape }) => `[${shape.join()}]`).join(' ') },
});
const many = (outputs: number, op: string, attrs: TFEOpAttr[], ...inputs: Operand[]): ShapeCase => ({
  ...one(op, attrs, ...inputs),
  ...{ outputs, compared: outputs },
});
const all = (ops: string, make: (op: string) => ShapeCase[]): ShapeCase[] => ops.trim().split(/\s+/).flatMap(make);
const noted = (note: string, given: ShapeCase): ShapeCase => ({ ...given, note: `${given.note} ${note}` });

const elementwise: ShapeCase[] = [
  ...all(
    `Neg Exp Expm1 Log Log1p Sqrt Rsqrt Square Abs Sign Erf Erfc Tanh Sigmoid Relu Relu6 Elu Selu LeakyRelu Softplus Softsign
     Floor Ceil Round Rint Reciprocal Inv Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Atanh Softmax LogSoftmax Identity Snapshot
     StopGradient PreventGradient DeepCopy ZerosLike OnesLike IsFinite IsNan IsInf`,
    (op) => [one(op, [T], x(2, 3))],
  ),
  one('Acosh', [T], above1(2, 3)),
  one('LogicalNot', [], bools(2, 3)),
  ...all('CheckNumerics CheckNumericsV2', (op) => [one(op, [T, stringAttr('message', 'm')], x(2, 3))]),
  ...all('Cumsum Cumprod', (op) => [one(op, [T, ...index('Tidx')], x(2, 3), scalar(1))]),
  one('ReverseV2', [T, ...index('Tidx')], x(2, 3), of(1)),
  one('AddN', [T, intAttr('N', 2)], x(2, 3), x(2, 3)),
  one('TensorScatterUpdate', [T, ...index('Tindices')], x(4, 3), ints([2, 0], [2, 1]), x(2, 3)),
  one('LRN', [T], x(1, 2, 2, 4)),
  one('LRNGrad', [T], x(1, 2, 2, 4), x(1, 2, 2, 4), x(1, 2, 2, 4)),
  ...all(
    `ReluGrad Relu6Grad EluGrad SeluGrad LeakyReluGrad SigmoidGrad TanhGrad SoftplusGrad SoftsignGrad SqrtGrad RsqrtGrad InvGrad
     ReciprocalGrad`,
    (op) => [one(op, [T], x(2, 3), x(2, 3))],
  ),
  ...all(
    `Add AddV2 Sub Mul RealDiv Div DivNoNan FloorDiv FloorMod Mod TruncateMod Pow Maximum Minimum SquaredDifference Atan2 Xdivy Xlogy
     MulNoNan`,
    (op) => [one(op, [T], x(2, 3), x(2, 3)), one(op, [T], x(4, 1, 3), x(2, 1)), one(op, [T], x(), x(3))],
  ),
  ...all('Equal NotEqual Greater GreaterEqual Less LessEqual', (op) => [one(op, [T], x(4, 1), x(3))]),
  ...all('LogicalAnd LogicalOr', (op) => [one(op, [], bools(4, 1), bools(3))]),
  one('Cast', [typeAttr('SrcT', FLOAT), typeAttr('DstT', INT32), boolAttr('Truncate', false)], x(2, 3)),
  one('Cast', [typeAttr('SrcT', INT32), typeAttr('DstT', FLOAT), boolAttr('Truncate', false)], ints([1, 2])),
  one('Select', [T], bools(2, 3), x(2, 3), x(2, 3)),
  one('SelectV2', [T], bools(3), x(2, 1), x()),
];

const products: ShapeCase[] = [
  ...[true, false].flatMap((a) =>
    [true, false].flatMap((b) => {
      const [first, second] = [a ? [4, 2] : [2, 4], b ? [3, 4] : [4, 3]] as const;
      const note = `${a ? 'xᵀ' : 'x'} ${b ? 'yᵀ' : 'y'}`;
      const batched = [T, boolAttr('adj_x', a), boolAttr('adj_y', b)];
      return [
        noted(
          note,
          one('MatMul', [T, boolAttr('transpose_a', a), boolAttr('transpose_b', b)], x(...first), x(...second)),
        ),
        noted(note, one('BatchMatMul', batched, x(2, ...first), x(2, ...second))),
        noted(note, one('BatchMatMulV2', batched, x(5, 1, ...first), x(2, ...second))),
      ];
    }),
  ),
  one('BiasAdd', [T, stringAttr('data_format', 'NHWC')], x(2, 3, 4), x(4)),
  one('BiasAddGrad', [T, stringAttr('data_format', 'NHWC')], x(2, 3, 4)),
  one('Einsum', [T, intAttr('N', 2), stringAttr('equation', 'bhi,bij->bhj')], x(2, 3, 4), x(2, 4, 5)),
];

const reductions: ShapeCase[] = [
  ...all('Sum Mean Max Min Prod', (op) =>
    [true, false].flatMap((keep) => [
      noted(`keep ${keep}`, one(op, [boolAttr('keep_dims', keep), T, ...index('Tidx')], x(2, 3, 4), of(0, -1))),
      noted(`keep ${keep}`, one(op, [boolAttr('keep_dims', keep), T, ...index('Tidx')], x(2, 3), scalar(1))),
    ]),
  ),
  ...all('All Any', (op) => [one(op, [boolAttr('keep_dims', false), ...index('Tidx')], bools(2, 3), of(1))]),
  ...all('ArgMax ArgMin', (op) => [one(op, [T, ...index('Tidx', 'output_type')], x(2, 3, 4), scalar(-2))]),
  one('L2Loss', [T], x(2, 3)),
  many(2, 'TopKV2', [boolAttr('sorted', true), T], x(2, 5), scalar(3)),
  many(2, 'SparseSoftmaxCrossEntropyWithLogits', [T, ...index('Tlabels')], x(2, 3), ints([2, 0])),
  many(2, 'SoftmaxCrossEntropyWithLogits', [T], x(2, 3), x(2, 3)),
];

const arrangement: ShapeCase[] = [
  one('Reshape', [T, ...index('Tshape')], x(2, 6), of(3, -1)),
  one('Reshape', [T, ...index('Tshape')], x(1, 1), { ...of(), shape: [0] }),
  one('Transpose', [T, ...index('Tperm')], x(2, 3, 4), of(2, 0, 1)),
  one('ExpandDims', [], x(2, 3), scalar(1)),
  one('ExpandDims', [], ints([4, 5]), scalar(-1)),
  one('Squeeze', [T, list('squeeze_dims', [0, -1])], x(1, 3, 1, 1)),
  one('Squeeze', [T], x(1, 3, 1, 1)),
  one('Tile', [T, ...index('Tmultiples')], x(2, 3), of(2, 1)),
  one('BroadcastTo', [T, ...index('Tidx')], x(3, 1), of(2, 3, 4)),
  one('ConcatV2', [intAttr('N', 3), T, ...index('Tidx')], x(2, 3), x(2, 1), x(2, 4), scalar(-1)),
  one('Pack', [intAttr('N', 2), T, intAttr('axis', 1)], x(2, 3), x(2, 3)),
  many(3, 'Unpack', [intAttr('num', 3), T, intAttr('axis', 1)], x(2, 3)),
  many(2, 'SplitV', [intAttr('num_split', 2), T, ...index('Tlen')], x(2, 5), of(2, 3), scalar(1)),
  many(2, 'Split', [intAttr('num_split', 2), T], scalar(-1), x(3, 4)),
  one('Pad', [T, ...index('Tpaddings')], x(2, 3), pairs(1, 0, 2, 3)),
  one('PadV2', [T, ...index('Tpaddings')], x(2, 3), pairs(1, 0, 2, 3), scalar(0.5, 'float32')),
  one('MirrorPad', [T, ...index('Tpaddings'), stringAttr('mode', 'REFLECT')], x(3, 4), pairs(1, 0, 2, 3)),
];

const strided = (
  begin: number[],
  end: number[],
  strides: number[],
  masks: Record<string, number>,
  ...shape: number[]
) => {
  const attrs = ['begin', 'end', 'ellipsis', 'new_axis', 'shrink_axis'].map((m) => intAttr(`${m}_mask`, masks[m] ?? 0));
  const given = one(
    'StridedSlice',
    [T, ...index('Index'), ...attrs],
    x(...shape),
    of(...begin),
    of(...end),
    of(...strides),
  );
  return noted(`${begin}:${end}:${strides} ${JSON.stringify(masks)}`, given);
};

const slices: ShapeCase[] = [
  one('Slice', [T, ...index('Index')], x(4, 5), of(1, 2), of(2, -1)),
  strided([1, 0], [4, 5], [2, 1], {}, 6, 5),
  strided([-1, 0], [0, -1], [-1, 2], {}, 6, 5),
  strided([0, 9], [9, 9], [1, 1], {}, 6, 5),
  strided([5, 1], [0, 3], [-2, 1], { begin: 1, end: 1 }, 6, 5),
  strided([2, 0], [3, 4], [1, 1], { shrink_axis: 1 }, 6, 5),
  strided([0, 0, 1], [0, 0, 3], [1, 1, 1], { ellipsis: 1, new_axis: 2 }, 2, 6, 5),
  strided([0, 0, 1], [0, 0, 3], [1, 1, 1], { ellipsis: 2, new_axis: 1 }, 2, 6, 5),
];

const indexing: ShapeCase[] = [
  one(
    'GatherV2',
    [intAttr('batch_dims', 0), typeAttr('Tparams', FLOAT), ...index('Tindices', 'Taxis')],
    x(4, 5),
    ints([3, 0, 1, 1, 2, 0], [2, 3]),
    scalar(0),
  ),
  one(
    'GatherV2',
    [intAttr('batch_dims', 1), typeAttr('Tparams', FLOAT), ...index('Tindices', 'Taxis')],
    x(2, 4, 5),
    ints([3, 0, 1, 1, 2, 0], [2, 3]),
    scalar(1),
  ),
  one('GatherNd', [typeAttr('Tparams', FLOAT), ...index('Tindices')], x(4, 5, 2), ints([3, 0, 1, 1, 2, 0], [3, 2])),
  one('ScatterNd', [T, ...index('Tindices')], ints([3, 1], [2, 1]), x(2, 5), of(4, 5)),
  one(
    'SparseToDense',
    [boolAttr('validate_indices', true), T, ...index('Tindices')],
    ints([0, 3]),
    of(5),
    x(2),
    scalar(0, 'float32'),
  ),
  ...all('UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd', (op) => [
    one(op, [T, ...index('Tindices', 'Tnumsegments')], x(3, 2), ints([1, 0, 1]), scalar(4)),
  ]),
  one(
    'OneHot',
    [intAttr('axis', -1), T, typeAttr('TI', INT32)],
    ints([1, 0, 2]),
    scalar(3),
    scalar(1, 'float32'),
    scalar(0, 'float32'),
  ),
  one(
    'OneHot',
    [intAttr('axis', 0), T, typeAttr('TI', INT32)],
    ints([1, 0, 2]),
    scalar(4),
    scalar(1, 'float32'),
    scalar(0, 'float32'),
  ),
];

const drawn = [typeAttr('dtype', FLOAT), ...index('T', 'Tseed')];
const sources: ShapeCase[] = [
  one('Fill', [T, typeAttr('index_type', INT32)], of(2, 3), scalar(4, 'float32')),
  one('Range', [typeAttr('Tidx', INT32)], scalar(1), scalar(10), scalar(4)),
  one('Range', [typeAttr('Tidx', FLOAT)], scalar(1, 'float32'), scalar(-2, 'float32'), scalar(-0.5, 'float32')),
  one('LinSpace', [T, ...index('Tidx')], scalar(0, 'float32'), scalar(1, 'float32'), scalar(5)),
  ...all('StatelessRandomUniform StatelessRandomNormal StatelessTruncatedNormal', (op) => [
    one(op, drawn, of(2, 3), ints([7, 11])),
  ]),
  one(
    'StatelessRandomUniformInt',
    [typeAttr('dtype', INT32), ...index('T', 'Tseed')],
    ...[of(2, 3), ints([7, 11]), scalar(0), scalar(9)],
  ),
];

const layout = stringAttr('data_format', 'NHWC');
const conv = (padding: string, stride: number, dilation = 1) => [
  ...[T, layout, list('strides', [1, stride, stride, 1]), stringAttr('padding', padding)],
  list('dilations', [1, dilation, dilation, 1]),
];
const pooled = (padding: string) => [
  ...[T, layout, list('ksize', [1, 3, 2, 1]), list('strides', [1, 2, 2, 1]), stringAttr('padding', padding)],
];
const corners = [T, boolAttr('align_corners', false), boolAttr('half_pixel_centers', true)];
const norm = (training: boolean) => [T, layout, boolAttr('is_training', training)];
const norm3 = (training: boolean) => [...norm(training), typeAttr('U', FLOAT)];

const images: ShapeCase[] = [
  ...['SAME', 'VALID'].flatMap((padding) => [
    noted(padding, one('Conv2D', conv(padding, 2), x(2, 7, 6, 3), x(3, 2, 3, 4))),
    noted(padding, one('Conv2D', conv(padding, 1, 2), x(2, 7, 6, 3), x(3, 2, 3, 4))),
    noted(padding, one('DepthwiseConv2dNative', conv(padding, 2), x(2, 7, 6, 3), x(3, 3, 3, 2))),
    noted(padding, one('MaxPool', pooled(padding), x(2, 7, 6, 3))),
    noted(padding, one('AvgPool', pooled(padding), x(2, 7, 6, 3))),
  ]),
  one(
    'Conv2D',
    [...conv('EXPLICIT', 2), list('explicit_paddings', [0, 0, 1, 1, 2, 0, 0, 0])],
    x(2, 7, 6, 3),
    x(3, 2, 3, 4),
  ),
  one('Conv2DBackpropInput', conv('SAME', 2), of(2, 7, 6, 3), x(3, 2, 3, 4), x(2, 4, 3, 4)),
  one('Conv2DBackpropFilter', conv('SAME', 2), x(2, 7, 6, 3), of(3, 2, 3, 4), x(2, 4, 3, 4)),
  one('DepthwiseConv2dNativeBackpropInput', conv('SAME', 2), of(2, 7, 6, 3), x(3, 3, 3, 2), x(2, 4, 3, 6)),
  one('DepthwiseConv2dNativeBackpropFilter', conv('SAME', 2), x(2, 7, 6, 3), of(3, 3, 3, 2), x(2, 4, 3, 6)),
  one('MaxPoolGrad', pooled('SAME'), x(2, 7, 6, 3), x(2, 4, 3, 3), x(2, 4, 3, 3)),
  one('AvgPoolGrad', pooled('SAME'), of(2, 7, 6, 3), x(2, 4, 3, 3)),
  { ...many(5, 'FusedBatchNorm', norm(false), x(2, 3, 3, 4), x(4), x(4), x(4), x(4)), compared: 1 },
  { ...many(5, 'FusedBatchNormV2', norm3(false), x(2, 3, 3, 4), x(4), x(4), x(4), x(4)), compared: 1 },
  {
    ...many(6, 'FusedBatchNormV3', norm3(true), x(2, 3, 3, 4), x(4), x(4), { ...x(0) }, { ...x(0) }),
    compared: 5,
  },
  { ...many(5, 'FusedBatchNormGrad', norm(true), x(2, 3, 3, 4), x(2, 3, 3, 4), x(4), x(4), x(4)), compared: 3 },
  { ...many(5, 'FusedBatchNormGradV2', norm3(true), x(2, 3, 3, 4), x(2, 3, 3, 4), x(4), x(4), x(4)), compared: 3 },
  {
    ...many(5, 'FusedBatchNormGradV3', norm3(true), x(2, 3, 3, 4), x(2, 3, 3, 4), x(4), x(4), x(4), x(4)),
    compared: 3,
  },
  one('ResizeBilinear', corners, x(1, 3, 4, 2), of(5, 7)),
  one('ResizeNearestNeighbor', corners, x(1, 3, 4, 2), of(5, 7)),
  one('ResizeBilinearGrad', corners, x(1, 5, 7, 2), x(1, 3, 4, 2)),
  one('ResizeNearestNeighborGrad', corners, x(1, 5, 7, 2), of(3, 4)),
];

export const shapeCases: readonly ShapeCase[] = [
  ...elementwise,
  ...products,
  ...reductions,
  ...arrangement,
  ...slices,
  ...indexing,
  ...sources,
  ...images,
];
