import type { Sha256 } from '../../workflows/contract.js';

/**
 * A run's line of states. An adjustment gives the states after its step another lineage, so a line is lineages by the step after
 * which each holds, ascending; one lineage alone is a line too. A state of one of these lineages at a step where another holds is
 * none of ours: of a worker that had not heard of the adjustment.
 */
export type Line = Sha256 | readonly { readonly afterStep: number; readonly lineage: Sha256 }[];

export const lineageAt = (line: Line, step: number): Sha256 | undefined =>
  typeof line === 'string' ? line : line.findLast(({ afterStep }) => afterStep < step)?.lineage;

export const isOfLine = (line: Line, state: { readonly lineage: Sha256; readonly step: number }): boolean =>
  lineageAt(line, state.step) === state.lineage;
