/**
 * What the update rules are built of. The order that all keep: a weight is read for its rule only when its gradient is there
 * (whoever needs it for this step has read it by then), and its last write is the node that a rule returns.
 */
import { attributeOf, typeAttribute } from '../compile/attributes.js';
import type { NodeRef } from '../compile/graph.js';
import type { UpdateContext } from '../compile/program.js';
import { binding } from '../tensorflow.js';
import type { Trained } from './optimizer.js';

export const T = typeAttribute(binding.TF_FLOAT);

export const boolAttribute = (value: boolean) => attributeOf({ name: '', type: binding.TF_ATTR_BOOL, value });

/** `^node`: what takes it as an input runs after it. */
export const after = (ref: NodeRef): NodeRef => `^${ref.replace(/:\d+$/, '')}`;

const shared = new WeakMap<UpdateContext, Map<string, NodeRef>>();

/** The node of that key: made for the first tensor of a function that asks, and the same for all after it. */
export function once(context: UpdateContext, key: string, make: () => NodeRef): NodeRef {
  const nodes = shared.get(context) ?? new Map<string, NodeRef>();
  shared.set(context, nodes);
  const node = nodes.get(key) ?? make();
  nodes.set(key, node);
  return node;
}

export const scalar = (context: UpdateContext, value: number): NodeRef =>
  once(context, `scalar ${value}`, () => context.graph.scalar(value));

/** A node of one float32 output. */
export const float = (context: UpdateContext, op: string, ...inputs: readonly NodeRef[]): NodeRef =>
  context.graph.add(op, inputs, { T });

export const read = (context: UpdateContext, variable: string, ...order: readonly NodeRef[]): NodeRef =>
  context.graph.add('ReadVariableOp', [context.handle(variable), ...order], { dtype: T });

export const assign = (
  context: UpdateContext,
  variable: string,
  value: NodeRef,
  ...order: readonly NodeRef[]
): NodeRef => context.graph.add('AssignVariableOp', [context.handle(variable), value, ...order], { dtype: T });

/** variable -= rate · delta, in place and in one pass. */
export const descend = (
  context: UpdateContext,
  variable: string,
  rate: NodeRef,
  delta: NodeRef,
  ...order: readonly NodeRef[]
): NodeRef => float(context, 'ResourceApplyGradientDescent', context.handle(variable), rate, delta, ...order);

/**
 * Decay apart from the gradient: weight *= 1 - rate · decay. Returns what the weight's update has to wait for: nothing where
 * there is no decay. `weight` is the node of a read that has to see the weight as it was, if the rule has one already.
 */
export function decayWeight(context: UpdateContext, trained: Trained, weight?: NodeRef): readonly NodeRef[] {
  const { name, gradient, rate, weightDecay } = trained;
  if (weightDecay === 0) return [];
  const keep = once(context, `keep ${rate} ${weightDecay}`, () =>
    float(context, 'Sub', scalar(context, 1), float(context, 'Mul', rate, scalar(context, weightDecay))),
  );
  const before = weight ?? read(context, name, after(context.ref(gradient)));
  return [after(assign(context, name, float(context, 'Mul', before, keep)))];
}

/** Decay within the gradient (L2): gradient + decay · weight. */
export function decayedGradient(context: UpdateContext, { name, gradient, weightDecay }: Trained): NodeRef {
  const ref = context.ref(gradient);
  if (weightDecay === 0) return ref;
  const weight = read(context, name, after(ref));
  return float(context, 'AddV2', ref, float(context, 'Mul', weight, scalar(context, weightDecay)));
}
