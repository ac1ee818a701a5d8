import { broadcast, DTYPE, each, type Rule, type Rules } from './rule.js';

const asFirst: Rule = ({ inputs }) => [inputs[0]!];
const asFirstBool: Rule = ({ inputs }) => [{ shape: inputs[0]!.shape, dtype: DTYPE.bool }];
const together: Rule = ({ inputs: [x, y] }) => [{ shape: broadcast(x!.shape, y!.shape), dtype: x!.dtype }];
const compared: Rule = ({ inputs: [x, y] }) => [{ shape: broadcast(x!.shape, y!.shape), dtype: DTYPE.bool }];

export const elementwise: Rules = {
  ...each(
    `Neg Exp Expm1 Log Log1p Sqrt Rsqrt Square Abs Sign Erf Erfc Tanh Sigmoid Relu Relu6 Elu Selu LeakyRelu Softplus
     Softsign Floor Ceil Round Rint Reciprocal Inv Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh LogicalNot
     Softmax LogSoftmax Identity Snapshot StopGradient PreventGradient DeepCopy ZerosLike OnesLike CheckNumerics
     CheckNumericsV2 Cumsum Cumprod ReverseV2 AddN TensorScatterUpdate LRN`,
    asFirst,
  ),
  ...each(
    `ReluGrad Relu6Grad EluGrad SeluGrad LeakyReluGrad SigmoidGrad TanhGrad SoftplusGrad SoftsignGrad SqrtGrad RsqrtGrad
     InvGrad ReciprocalGrad LRNGrad`,
    asFirst,
  ),
  ...each('IsFinite IsNan IsInf', asFirstBool),
  ...each(
    `Add AddV2 Sub Mul RealDiv Div DivNoNan FloorDiv Mod FloorMod TruncateMod Pow Maximum Minimum SquaredDifference Atan2
     LogicalAnd LogicalOr Xdivy Xlogy MulNoNan`,
    together,
  ),
  ...each('Equal NotEqual Greater GreaterEqual Less LessEqual', compared),
  Cast: ({ inputs, attribute }) => [{ shape: inputs[0]!.shape, dtype: attribute('DstT') as number }],
  Select: ({ inputs }) => [inputs[1]!],
  SelectV2: ({ inputs }) => [{ shape: broadcast(...inputs.map(({ shape }) => shape)), dtype: inputs[1]!.dtype }],
};
