import { patched, workflowInfo } from '@temporalio/workflow';

/** Events after which a run continues as new, whatever the server is set to suggest. */
const MOST_EVENTS = 4_000;

/** Whether the run is to go on in a history of its own. */
export function historyIsLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  if (continueAsNewSuggested) return true;
  return historyLength >= MOST_EVENTS && patched('own-history-limit');
}
