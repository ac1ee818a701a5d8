import { binding } from '../tensorflow.js';
import { proto, tensorAttribute, typeAttribute, type Attribute } from './attributes.js';
import { currentScope } from './scope.js';

/** `node` for a first output, `node:1` for a second, `^node` for "after node". */
export type NodeRef = string;

/** A GraphDef in the making: nodes in order, names made unique. */
export class GraphBuilder {
  readonly #nodes: object[] = [];
  readonly #names = new Set<string>();

  get size(): number {
    return this.#nodes.length;
  }

  add(op: string, inputs: readonly NodeRef[], attributes: Record<string, Attribute>, name?: string): NodeRef {
    const scope = currentScope();
    const unique = name ?? `${scope === '' ? '' : `${scope}/`}${op}_${this.#nodes.length}`;
    if (this.#names.has(unique)) throw new Error(`graph: two nodes are called ${unique}`);
    this.#names.add(unique);
    const node = new proto['NodeDef']();
    node.setName(unique);
    node.setOp(op);
    node.setInputList(inputs);
    for (const [key, value] of Object.entries(attributes)) node.getAttrMap().set(key, value);
    this.#nodes.push(node);
    return unique;
  }

  constant(
    dtype: number,
    shape: readonly number[],
    values: ArrayBufferView,
    name?: string,
    after: NodeRef[] = [],
  ): NodeRef {
    return this.add(
      'Const',
      after,
      { dtype: typeAttribute(dtype), value: tensorAttribute(dtype, shape, values) },
      name,
    );
  }

  scalar(value: number): NodeRef {
    return this.constant(binding.TF_FLOAT, [], Float32Array.of(value));
  }

  /** The bytes of a SavedModel that holds this graph under the tag `train`. */
  toSavedModel(): Buffer {
    const versions = new proto['VersionDef']();
    versions.setProducer(GRAPH_VERSION);
    const graph = new proto['GraphDef']();
    graph.setNodeList(this.#nodes);
    graph.setVersions(versions);
    const info = new proto['MetaGraphDef'].MetaInfoDef();
    info.setTagsList(['train']);
    const metaGraph = new proto['MetaGraphDef']();
    metaGraph.setGraphDef(graph);
    metaGraph.setMetaInfoDef(info);
    const model = new proto['SavedModel']();
    model.setSavedModelSchemaVersion(1);
    model.setMetaGraphsList([metaGraph]);
    return Buffer.from(model.serializeBinary() as Uint8Array);
  }
}

/** Producer version of the graphs we write: what the ops' defaults and semantics mean. TensorFlow 2.16 and later read it. */
const GRAPH_VERSION = 1882;
