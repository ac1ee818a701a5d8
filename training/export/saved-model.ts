import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../../models/model-error.js';
import { proto, shapeProto, typeAttribute, type Message } from '../compile/attributes.js';
import { binding } from '../tensorflow.js';
import type { FrozenGraph } from './frozen-graph.js';
import { OUTPUT_NODE, type GraphNode, type Literal } from './sketch.js';
import { field, intField, lengthOf, textField, type Parts } from './wire.js';

export const SAVED_MODEL_FILE = 'saved_model.pb';
export const SERVING_SIGNATURE = 'serving_default';

/** A protobuf message, and so a SavedModel without variables, cannot be larger. */
export const SAVED_MODEL_LIMIT = 2 ** 31 - 1;

/** What the ops' defaults and semantics mean; TensorFlow 2.16 and later read it. */
export const PRODUCER = 1882;

/**
 * Writes a TensorFlow SavedModel: one file, weights as constants, the signature `serving_default` from the model's inputs by name
 * to `outputs`. Python: `tf.saved_model.load(folder).signatures['serving_default']`.
 * @throws ModelError above 2 GB.
 */
export async function writeSavedModel(folder: string, graph: FrozenGraph, limit = SAVED_MODEL_LIMIT): Promise<void> {
  const parts = savedModel(graph);
  const bytes = lengthOf(parts);
  if (bytes > limit) {
    throw new ModelError(
      `SavedModel: expected at most ${limit} bytes (the limit of a protobuf file), found ${bytes}: use the safetensors file or the TensorFlow.js graph model`,
    );
  }
  await mkdir(folder, { recursive: true });
  const file = await open(join(folder, SAVED_MODEL_FILE), 'w');
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

function savedModel(graph: FrozenGraph): Parts {
  const info = new proto['MetaGraphDef'].MetaInfoDef();
  info.setTagsList(['serve']);
  const described = new proto['MetaGraphDef']();
  described.setMetaInfoDef(info);
  described.getSignatureDefMap().set(SERVING_SIGNATURE, signature(graph));
  const versions = new proto['VersionDef']();
  versions.setProducer(PRODUCER);
  const versionsOnly = new proto['GraphDef']();
  versionsOnly.setVersions(versions);
  const graphDef = [...graph.nodes.flatMap((node) => field(1, nodeDef(node))), serialized(versionsOnly)];
  // Two serialisations of a message after one another are the message with the fields of both.
  return [...intField(1, 1), ...field(2, [serialized(described), ...field(2, graphDef)])];
}

const serialized = (message: Message): Uint8Array => message.serializeBinary() as Uint8Array;

function nodeDef({ name, op, inputs, attributes, literal }: GraphNode): Parts {
  const node = new proto['NodeDef']();
  node.setName(name);
  node.setOp(op);
  node.setInputList([...inputs]);
  for (const [key, value] of Object.entries(attributes)) node.getAttrMap().set(key, value);
  if (!literal) return [serialized(node)];
  node.getAttrMap().set('dtype', typeAttribute(literal.dtype));
  // NodeDef.attr (5) is a map: an entry of a key (1) and an AttrValue (2), whose `tensor` is 8.
  const entry = [...textField(1, 'value'), ...field(2, field(8, tensorProto(literal)))];
  return [serialized(node), ...field(5, entry)];
}

/** TensorProto: dtype 1, tensor_shape 2, tensor_content 4. */
function tensorProto({ dtype, shape, values }: Literal): Parts {
  const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [...intField(1, dtype), ...field(2, [serialized(shapeProto(shape) as Message)]), ...field(4, [content])];
}

function signature(graph: FrozenGraph): Message {
  const definition = new proto['SignatureDef']();
  definition.setMethodName('tensorflow/serving/predict');
  for (const [name, { shape, dtype }] of graph.inputs) {
    definition.getInputsMap().set(name, tensorInfo(name, shape, dtype));
  }
  definition.getOutputsMap().set('outputs', tensorInfo(OUTPUT_NODE, graph.outputShape, binding.TF_FLOAT));
  return definition;
}

function tensorInfo(node: string, shape: readonly number[], dtype: number): Message {
  const info = new proto['TensorInfo']();
  info.setName(`${node}:0`);
  info.setDtype(dtype);
  info.setTensorShape(shapeProto(shape));
  return info;
}
