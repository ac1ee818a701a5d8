import type { Tensor } from '../tensorflow.js';
import type { GraphBuilder, NodeRef } from './graph.js';

export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

export type FeedValues = Float32Array | Int32Array;

/** What an update needs to write a variable at the end of a step. */
export interface UpdateContext {
  readonly graph: GraphBuilder;
  /** The resource handle of a variable. */
  handle(variable: string): NodeRef;
  /** The node of a traced tensor. */
  ref(tensor: Tensor): NodeRef;
}

export interface Traced {
  /** Fetched by run(). */
  readonly outputs: Record<string, Tensor>;
  /** Adds the nodes that write variables; returns those that outputs must wait for. */
  readonly update?: (context: UpdateContext) => NodeRef[];
}

export interface FunctionSpec {
  readonly inputs: Record<string, InputSpec>;
  readonly trace: (inputs: Record<string, Tensor>, variables: (name: string) => Tensor) => Traced;
}
