import type { PreparationStage, PreparationStatus } from '../../workflows/contract.js';
import { count, counted } from './units.js';

const names: Readonly<Record<PreparationStage, string>> = {
  cut: 'looking for the records of the source',
  survey: 'reading the rows',
  decide: 'deciding what becomes of them',
  encode: 'writing the shards',
  assemble: 'writing the manifest',
  finished: 'finished',
};

/** What the preparation is at, in words. null: no worker answers. */
export function preparationText(status: PreparationStatus | null): string {
  if (status === null) return 'no worker answers, waiting';
  const { stage, parts } = status;
  return parts === null ? names[stage] : `${names[stage]}: ${count(parts.done)} of ${counted(parts.total, 'part')}`;
}
