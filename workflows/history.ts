import { makeContinueAsNewFunc, patched, workflowInfo } from '@temporalio/workflow';
import type { CarriedState, FineTuneInput, FineTuneResult } from './contract.js';

/** Events after which a run continues as new, whatever the server is set to suggest. */
const MOST_EVENTS = 4_000;

/** Whether the run is to go on in a history of its own. */
export function historyIsLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  if (continueAsNewSuggested) return true;
  return historyLength >= MOST_EVENTS && patched('own-history-limit');
}

/**
 * Continues as new. Temporal's lists then know the new execution's start alone: the memo says when the run was started,
 * which `temper list` shows.
 */
export function goOnInNewHistory(input: FineTuneInput, carried: CarriedState): Promise<never> {
  const startedAt = new Date(carried.startedAtMs).toISOString();
  const goOn = makeContinueAsNewFunc<(input: FineTuneInput) => Promise<FineTuneResult>>({
    memo: { ...workflowInfo().memo, startedAt },
  });
  return goOn({ ...input, carried });
}
