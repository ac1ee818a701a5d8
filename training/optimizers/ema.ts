import type { NodeRef } from '../compile/graph.js';
import type { UpdateContext } from '../compile/program.js';
import { after, descend, float, read, scalar } from './nodes.js';

/** The variable that holds the moving average of a weight. It begins as the weight itself. */
export const averageOf = (name: string) => `ema/${name}`;

/**
 * average = decay · average + (1 - decay) · weight with the weight that the step made (Polyak & Juditsky, 1992): `updated` is the
 * node that the optimizer's update returned. Returns the node that stores it.
 */
export function updateAverage(context: UpdateContext, name: string, decay: number, updated: NodeRef): NodeRef {
  const weight = read(context, name, after(updated));
  const away = float(context, 'Sub', read(context, averageOf(name)), weight);
  return descend(context, averageOf(name), scalar(context, 1 - decay), away);
}
