import { binding } from '../tensorflow.js';
import { proto, tensorAttribute, typeAttribute, type Attribute, type Message } from './attributes.js';
import { currentScope } from './scope.js';

/** `node` for a first output, `node:1` for a second, `^node` for "after node". */
export type NodeRef = string;

/** The node that an output belongs to. */
export const nodeNameOf = (ref: NodeRef): string => ref.replace(/:\d+$/, '');

/** A GraphDef in the making: nodes in order, names made unique. */
export class GraphBuilder {
  readonly #nodes: Message[] = [];
  readonly #names = new Set<string>();
  #bytes: Buffer | undefined;

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
    this.#bytes = undefined;
    return unique;
  }

  /** Forgets all nodes but the first `size`. */
  rewind(size: number): void {
    for (const node of this.#nodes.splice(size)) this.#names.delete(node.getName());
    this.#bytes = undefined;
  }

  /** Lets every node from number `from` on that writes a variable wait for `checks`. */
  guardWrites(from: number, checks: readonly NodeRef[]): void {
    for (const node of this.#nodes.slice(from)) {
      if (!WRITES.test(node.getOp())) continue;
      for (const check of checks) node.addInput(`^${check}`);
    }
    this.#bytes = undefined;
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

  /** The bytes of a SavedModel that holds this graph under the tag `train`: a function of its nodes alone. */
  toSavedModel(): Buffer {
    return (this.#bytes ??= this.#serialise());
  }

  #serialise(): Buffer {
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

/** Ops that write a variable. */
const WRITES = /^Assign|^Resource(Sparse)?Apply|^ResourceScatter/;

/** Producer version of the graphs we write: what the ops' defaults and semantics mean. TensorFlow 2.16 and later read it. */
const GRAPH_VERSION = 1882;
