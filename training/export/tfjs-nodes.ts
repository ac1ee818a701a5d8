/** What TensorFlow.js cannot run although TensorFlow can, said in other nodes. */
import { textAttribute, typeAttribute, type Message } from '../compile/attributes.js';
import { binding } from '../tensorflow.js';
import type { GraphNode, Literal } from './sketch.js';

/** Below every value that a layer gives, and finite: shaders have no literal for infinity. */
const LOWEST = -3.4028234663852886e38;

/** A MaxPool that pads by itself becomes one over padded values. */
export const forTfjs = (nodes: readonly GraphNode[]): GraphNode[] =>
  nodes.flatMap((node) => (node.op === 'MaxPool' && 'explicit_paddings' in node.attributes ? padded(node) : [node]));

function padded({ name, op, inputs, attributes }: GraphNode): GraphNode[] {
  const { explicit_paddings: explicit, ...rest } = attributes;
  const sizes = Int32Array.from((explicit as Message).getList().getIList() as number[]);
  const constant = (part: string, literal: Literal): GraphNode => ({
    ...{ name: `${name}/${part}`, op: 'Const', inputs: [], attributes: {} },
    literal,
  });
  const T = typeAttribute(binding.TF_FLOAT);
  return [
    constant('paddings', { dtype: binding.TF_INT32, shape: [sizes.length / 2, 2], values: sizes }),
    constant('lowest', { dtype: binding.TF_FLOAT, shape: [], values: Float32Array.of(LOWEST) }),
    {
      ...{ name: `${name}/padded`, op: 'PadV2', inputs: [inputs[0]!, `${name}/paddings`, `${name}/lowest`] },
      attributes: { T, Tpaddings: typeAttribute(binding.TF_INT32) },
    },
    { name, op, inputs: [`${name}/padded`], attributes: { ...rest, padding: textAttribute('VALID') } },
  ];
}
