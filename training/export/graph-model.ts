import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { proto, type Attribute, type Message } from '../compile/attributes.js';
import { binding } from '../tensorflow.js';
import type { FrozenGraph } from './frozen-graph.js';
import { PRODUCER } from './saved-model.js';
import { SHARD_BYTES, writeShards } from './shards.js';
import { OUTPUT_NODE, type GraphNode, type Literal } from './sketch.js';
import { forTfjs } from './tfjs-nodes.js';

export const MODEL_JSON = 'model.json';

/**
 * Writes a TensorFlow.js graph model: model.json and weights in shards, as tensorflowjs_converter does. In a browser:
 * `(await tf.loadGraphModel(url)).predict({ … })`; inputs go by the model's names, the output is called `outputs`.
 */
export async function writeGraphModel(folder: string, graph: FrozenGraph, shardBytes = SHARD_BYTES): Promise<void> {
  await mkdir(folder, { recursive: true });
  const nodes = forTfjs(graph.nodes);
  const constants = nodes.flatMap(({ name, literal }) => (literal ? [{ name, ...literal }] : []));
  const paths = await writeShards(
    folder,
    constants.map(({ values }) => values),
    shardBytes,
  );
  const info = (node: string, dtype: number, shape: readonly number[]) => ({
    name: `${node}:0`,
    dtype: typeName(dtype),
    tensorShape: shapeJson(shape),
  });
  const json = {
    format: 'graph-model',
    generatedBy: 'temper',
    convertedBy: null,
    signature: {
      inputs: Object.fromEntries(
        Array.from(graph.inputs, ([name, { dtype, shape }]) => [name, info(name, dtype, shape)]),
      ),
      outputs: { outputs: info(OUTPUT_NODE, binding.TF_FLOAT, graph.outputShape) },
    },
    modelTopology: { node: nodes.map(nodeJson), library: {}, versions: { producer: PRODUCER } },
    weightsManifest: [{ paths, weights: constants.map(weightJson) }],
  };
  await writeFile(join(folder, MODEL_JSON), `${JSON.stringify(json)}\n`);
}

const weightJson = ({ name, shape, dtype }: Literal & { name: string }) => {
  const words = new Map([
    [binding.TF_FLOAT, 'float32'],
    [binding.TF_INT32, 'int32'],
    [binding.TF_BOOL, 'bool'],
  ]);
  const word = words.get(dtype);
  if (!word)
    throw new Error(`graph model: the constant ${name} is ${typeName(dtype)}, which TensorFlow.js cannot load`);
  return { name, shape, dtype: word };
};

function nodeJson({ name, op, inputs, attributes, literal }: GraphNode) {
  const attr = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attributeJson(value)]));
  const constant = literal && {
    dtype: { type: typeName(literal.dtype) },
    value: { tensor: { dtype: typeName(literal.dtype), tensorShape: shapeJson(literal.shape) } },
  };
  return { name, op, ...(inputs.length > 0 && { input: inputs }), attr: { ...attr, ...constant } };
}

/** An AttrValue as protobuf's JSON form has it: enums by name, 64-bit numbers and bytes as text. */
function attributeJson(attribute: Attribute): object {
  const value = attribute as Message;
  const kinds = proto['AttrValue'].ValueCase as Record<string, number>;
  switch (value.getValueCase()) {
    case kinds['TYPE']:
      return { type: typeName(value.getType() as number) };
    case kinds['B']:
      return { b: value.getB() as boolean };
    case kinds['F']:
      return { f: value.getF() as number };
    case kinds['I']:
      return { i: String(value.getI()) };
    case kinds['S']:
      return { s: value.getS_asB64() as string };
    case kinds['SHAPE']:
      return {
        shape: shapeJson((value.getShape().getDimList() as Message[]).map((dim) => dim.getSize() as number)),
      };
    case kinds['LIST']:
      return { list: { i: (value.getList().getIList() as number[]).map(String) } };
    default:
      throw new Error(`graph model: an attribute of kind ${String(value.getValueCase())} has no JSON form here`);
  }
}

const shapeJson = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });

function typeName(dtype: number): string {
  const found = Object.entries(proto['DataType'] as Record<string, number>).find(([, value]) => value === dtype);
  if (!found) throw new Error(`graph model: no type has the number ${dtype}`);
  return found[0];
}
