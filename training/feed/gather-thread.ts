import type { Gathered } from '../examples/examples.js';
import { compiledScript, threadOf } from '../threads/thread.js';
import type { Gatherer } from './gatherer.js';
import type { BatchToGather, ThreadInput } from './messages.js';

export interface GatherThread extends Gatherer {
  close(): Promise<void>;
}

/** Gathers on a thread of its own. */
export function gatherThread(input: ThreadInput, script = compiledScript('feed/thread.js')): GatherThread {
  const thread = threadOf<BatchToGather, Gathered>(script, { does: 'gathers batches', input });
  return {
    gather: (batch, rows, at) => thread.ask({ batch, rows, at }),
    close: () => thread.close(),
  };
}
