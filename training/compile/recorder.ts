/**
 * Recording: a function runs with tensors that have shapes and no values, and every op that reaches the node backend becomes a
 * node of a graph. Nothing is computed. The shapes of an op's outputs come from a rule (shapes/); an op without a rule is run once
 * on made-up values to learn them.
 *
 * A tensor that no recorded op made was made in JavaScript (an axis, a scalar): it becomes a constant of the graph. That is
 * the one trap: what varies from step to step (learning rate, seed) must be an input, or its first value stays for ever.
 */
import { backend, tf, type Tensor, type TFEOpAttr } from '../tensorflow.js';
import { attributeOf, typeAttribute, type Attribute } from './attributes.js';
import type { GraphBuilder, NodeRef } from './graph.js';
import { currentScope } from './scope.js';
import { shapeRules, valueShaped } from './shapes/table.js';
import type { TensorType } from './shapes/rule.js';
import { learnOutputs, symbolicTensor } from './symbolic.js';
import { Uncompilable } from './problems.js';

/** A tensor of the trace that the graph computes. */
interface Computed {
  readonly ref: NodeRef;
  readonly type: TensorType;
}

export class Recorder {
  readonly #computed = new Map<object, Computed>();
  readonly #constants = new Map<object, NodeRef>();
  /** Ops that had to run to learn the shapes of their outputs. */
  readonly tracedEagerly = new Set<string>();
  /** Checks that must have passed before anything is written. */
  readonly checks: NodeRef[] = [];

  constructor(readonly graph: GraphBuilder) {}

  /** A tensor without values that stands for the node `ref`. */
  symbol(ref: NodeRef, type: TensorType): Tensor {
    const tensor = symbolicTensor(type);
    this.#computed.set(tensor.dataId, { ref, type });
    return tensor;
  }

  refOf(tensor: Tensor): NodeRef {
    const known = this.#computed.get(tensor.dataId)?.ref ?? this.#constants.get(tensor.dataId);
    if (known !== undefined) return known;
    if (tensor.dtype === 'string') throw new Uncompilable('Const', currentScope(), 'of strings cannot be compiled');
    const dtype = backend.getDTypeInteger(tensor.dtype);
    const ref = this.graph.constant(dtype, tensor.shape, backend.readSync(tensor.dataId));
    this.#constants.set(tensor.dataId, ref);
    return ref;
  }

  /** Runs `body`, recording what it does. Not reentrant: one recording at a time. */
  record<Result>(body: () => Result): Result {
    const { executeSingleOutput, executeMultipleOutputs, readSync } = backend;
    const gather = tf.getKernel('GatherV2', 'tensorflow')!;
    const { kernelFunc: gatherKernel } = gather;
    let gathers = false;
    backend.executeSingleOutput = (op, attrs, inputs) => this.#add(op, attrs, inputs as Tensor[], 1)[0]!;
    backend.executeMultipleOutputs = (op, attrs, inputs, count) => this.#add(op, attrs, inputs as Tensor[], count);
    backend.readSync = (dataId) => {
      const computed = this.#computed.get(dataId);
      if (!computed) return readSync.call(backend, dataId);
      if (gathers) return new Int32Array(0); // tfjs-node checks the bounds of indices in JavaScript; TensorFlow checks them itself
      throw new Uncompilable(
        opOf(computed.ref),
        currentScope(),
        `(node ${computed.ref}) is read while it is traced; it has no value yet`,
      );
    };
    gather.kernelFunc = (args) => {
      gathers = true;
      try {
        return gatherKernel(args);
      } finally {
        gathers = false;
      }
    };
    try {
      return body();
    } finally {
      Object.assign(backend, { executeSingleOutput, executeMultipleOutputs, readSync });
      gather.kernelFunc = gatherKernel;
    }
  }

  #add(op: string, attrs: TFEOpAttr[], inputs: readonly Tensor[], count: number): Tensor[] {
    const types = this.#outputs(op, attrs, inputs, count);
    const attributes = this.#attributes(op, attrs);
    // An eager op infers T from its inputs; a node must say it.
    if (op === 'ExpandDims') attributes['T'] ??= typeAttribute(this.#typeOf(inputs[0]!).dtype);
    const refs = inputs.map((input) => this.refOf(input));
    const name = this.graph.add(op, refs, attributes);
    if (op === 'CheckNumerics') this.checks.push(name);
    return types.map((type, i) => this.symbol(i === 0 ? name : `${name}:${i}`, type));
  }

  #attributes(op: string, attrs: TFEOpAttr[]): Record<string, Attribute> {
    try {
      return Object.fromEntries(attrs.map((attr) => [attr.name, attributeOf(attr)]));
    } catch (error) {
      throw new Uncompilable(op, currentScope(), `cannot be compiled: ${(error as Error).message}`);
    }
  }

  #typeOf(tensor: Tensor): TensorType {
    const known = this.#computed.get(tensor.dataId);
    // A tensor may share another's data under a shape of its own.
    return { shape: tensor.shape, dtype: known?.type.dtype ?? backend.getDTypeInteger(tensor.dtype) };
  }

  #outputs(op: string, attrs: TFEOpAttr[], inputs: readonly Tensor[], outputs: number): readonly TensorType[] {
    const fail = (problem: string) => new Uncompilable(op, currentScope(), problem);
    if (valueShaped.has(op)) throw fail('cannot be compiled: the shape of its result depends on values');
    const types = inputs.map((input) => this.#typeOf(input));
    const rule = shapeRules[op];
    if (!rule) {
      this.tracedEagerly.add(op);
      const given = inputs.map((input, i) => (this.#computed.has(input.dataId) ? types[i]! : input));
      return learnOutputs(op, attrs, given, outputs);
    }
    const values = (i: number): number[] => {
      const input = inputs[i]!;
      const computed = this.#computed.get(input.dataId);
      if (computed) throw fail(`cannot be compiled: its input ${i} says a shape and is computed by ${computed.ref}`);
      return Array.from(backend.readSync(input.dataId));
    };
    const attribute = (name: string): unknown => attrs.find((attr) => attr.name === name)?.value;
    try {
      return rule({ op, inputs: types, attribute, values, outputs });
    } catch (error) {
      if (error instanceof Uncompilable) throw error;
      const where = currentScope();
      throw new Error(`${where ? `${where}: ` : ''}${op}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** MatMul of encoder/MatMul_17:1 */
const opOf = (ref: NodeRef): string => ref.replace(/:\d+$/, '').split('/').at(-1)!.replace(/_\d+$/, '');
