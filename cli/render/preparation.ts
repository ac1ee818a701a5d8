import type { PreparationLook } from '../runs/look-at-preparation.js';
import type { PreparationStage } from '../../workflows/contract.js';
import { count, counted } from './units.js';

const names: Readonly<Record<PreparationStage, string>> = {
  cut: 'looking for the records of the source',
  survey: 'reading the rows',
  decide: 'deciding what becomes of them',
  encode: 'writing the shards',
  assemble: 'writing the manifest',
  finished: 'finished',
};

/** What the preparation is at, in words, and what stands in its way. */
export function preparationText({ status, trouble }: PreparationLook): string {
  if (status === null) return 'no worker answers, waiting';
  const { stage, parts } = status;
  const of = parts === null ? '' : `: ${count(parts.done)} of ${counted(parts.total, 'part')}`;
  return `${names[stage]}${of}${trouble === null ? '' : ` (${trouble})`}`;
}
