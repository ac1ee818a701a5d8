/**
 * Recording: a function runs with tensors that have shapes and no values, and every op that reaches the node backend becomes a
 * node of a graph. Nothing is computed. The shapes of an op's outputs come from a rule (shapes/); an op without a rule is run once
 * on made-up values to learn them.
 *
 * A tensor that no recorded op made was made in JavaScript (an axis, a scalar): it becomes a constant of the graph. That is
 * the one trap: what varies from step to step (learning rate, seed) must be an input, or its first value stays for ever.
 */
import { currentPrecision } from '../ops/precision.js';
import { backend, tf, type Tensor, type TFEOpAttr } from '../tensorflow.js';
import { attributeOf, typeAttribute, type Attribute } from './attributes.js';
import { halfInputs } from './autocast.js';
import { nodeNameOf, type GraphBuilder, type NodeRef } from './graph.js';
import { orderedBy } from './order.js';
import { Uncompilable } from './problems.js';
import { currentScope } from './scope.js';
import { shapeRules, valueShaped } from './shapes/table.js';
import { DTYPE, type TensorType } from './shapes/rule.js';
import { learnOutputs } from './symbolic.js';
import { BFLOAT16, TracedValues } from './values.js';

export class Recorder {
  readonly values: TracedValues;
  /** Ops that had to run to learn the shapes of their outputs. */
  readonly tracedEagerly = new Set<string>();
  /** Checks that must have passed before anything is written. */
  readonly checks: NodeRef[] = [];

  constructor(readonly graph: GraphBuilder) {
    this.values = new TracedValues(graph);
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
      const node = this.values.nodeOf(dataId);
      if (!node) return readSync.call(backend, dataId);
      if (gathers) return new Int32Array(0); // tfjs-node checks the bounds of indices in JavaScript; TensorFlow checks them itself
      const problem = `(node ${node}) is read while it is traced; it has no value yet`;
      throw new Uncompilable(opOf(node), currentScope(), problem);
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
      return orderedBy((tensor, before) => this.values.after(tensor, before), body);
    } finally {
      Object.assign(backend, { executeSingleOutput, executeMultipleOutputs, readSync });
      gather.kernelFunc = gatherKernel;
    }
  }

  #add(op: string, attrs: TFEOpAttr[], inputs: readonly Tensor[], count: number): Tensor[] {
    const types = this.#outputs(op, attrs, inputs, count);
    const attributes = this.#attributes(op, attrs);
    // An eager op infers T from its inputs; a node must say it.
    if (op === 'ExpandDims') attributes['T'] ??= typeAttribute(this.values.typeOf(inputs[0]!).dtype);
    const half =
      currentPrecision() === 'bf16' && types[0]?.dtype === DTYPE.float
        ? halfInputs(op, inputs.map(this.values.isBornHalf))
        : [];
    const refs = inputs.map((input, i) => (half.includes(i) ? this.values.halfOf(input) : this.values.refOf(input)));
    if (half.length > 0) attributes['T'] = BFLOAT16;
    const name = this.graph.add(op, refs, attributes);
    if (op === 'CheckNumerics') this.checks.push(name);
    return types.map((type, i) => this.values.symbol(i === 0 ? name : `${name}:${i}`, type, half.length > 0));
  }

  #attributes(op: string, attrs: TFEOpAttr[]): Record<string, Attribute> {
    try {
      return Object.fromEntries(attrs.map((attr) => [attr.name, attributeOf(attr)]));
    } catch (error) {
      throw new Uncompilable(op, currentScope(), `cannot be compiled: ${(error as Error).message}`);
    }
  }

  #outputs(op: string, attrs: TFEOpAttr[], inputs: readonly Tensor[], outputs: number): readonly TensorType[] {
    const fail = (problem: string) => new Uncompilable(op, currentScope(), `cannot be compiled: ${problem}`);
    if (valueShaped.has(op)) throw fail('the shape of its result depends on values');
    const types = inputs.map((input) => this.values.typeOf(input));
    const rule = shapeRules[op];
    if (!rule) {
      this.tracedEagerly.add(op);
      const given = inputs.map((input, i) => (this.values.nodeOf(input.dataId) ? types[i]! : input));
      return learnOutputs(op, attrs, given, outputs);
    }
    const values = (i: number): number[] => {
      const { dataId } = inputs[i]!;
      const node = this.values.nodeOf(dataId);
      if (node) throw fail(`its input ${i} says a shape and is computed by ${node}`);
      return Array.from(backend.readSync(dataId));
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
const opOf = (ref: NodeRef): string => nodeNameOf(ref).split('/').at(-1)!.replace(/_\d+$/, '');
