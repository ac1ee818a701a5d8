import type { FeaturesRef, FreezePlan } from '../../workflows/contract.js';
import { count } from './units.js';

/**
 * What becomes of the frozen base's outputs, and why; null where nothing is frozen, so that nobody asks, and of a run of before
 * that was told.
 */
export function featuresText(
  plan: FreezePlan | null | undefined,
  features: FeaturesRef | null | undefined,
): string | null {
  if (!plan?.features || plan.frozenTensors === 0) return null;
  const { reuse, because } = plan.features;
  if (!reuse) return `not kept: ${because}`;
  if (!features) return `computed once and kept: ${because}`;
  const { width, rows, computedRows } = features;
  const kept = `kept: ${count(width)} numbers a row`;
  if (rows === undefined || computedRows === undefined) return kept;
  if (computedRows === 0) return `${kept}; those of all ${count(rows)} rows were there, nothing was computed`;
  if (computedRows === rows) return `${kept}, computed for ${count(rows)} rows`;
  return `${kept}, computed for ${count(computedRows)} of ${count(rows)} rows; the others were there`;
}
