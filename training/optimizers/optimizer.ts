import type { FeedValues, InputSpec, UpdateContext } from '../compile/program.js';
import type { NodeRef } from '../compile/graph.js';
import type { Tensor } from '../tensorflow.js';

/** One trained tensor as an optimizer meets it. */
export interface Trained {
  readonly name: string;
  readonly shape: readonly number[];
  /** Clipped and averaged. */
  readonly gradient: Tensor;
  /** Node of this tensor's learning rate in this step, its group's factor included (scalar). */
  readonly rate: NodeRef;
  /** Its weight decay; 0 for biases and normalisation layers. */
  readonly weightDecay: number;
}

/** An update rule. Its state is variables of the program, so a checkpoint holds all of it. */
export interface Optimizer {
  /** State of one trained tensor: variable name -> shape; all begin as zeros. */
  slots(name: string, shape: readonly number[]): ReadonlyMap<string, readonly number[]>;
  /** Scalars that every step is fed besides the learning rate: what depends on the step's number. */
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Their values in the step that makes `step` steps done, 1 for the first: a function of the step alone. */
  feeds(step: number): Record<string, FeedValues>;
  /** Adds the nodes that update one tensor and its slots; returns the last of them. */
  update(context: UpdateContext, trained: Trained, inputs: Readonly<Record<string, Tensor>>): NodeRef;
}
