import { log } from '@temporalio/activity';
import type { StateOnDisk } from '../../engine/protocol.js';
import { WEIGHTS_FILE } from '../../models/folder.js';
import { commitCheckpoint } from '../../storage/checkpoint/commit.js';
import { collectOrphans } from '../../storage/checkpoint/orphans.js';
import { retireCheckpoints } from '../../storage/checkpoint/retention.js';
import { lineageAt } from '../../storage/checkpoint/line.js';
import type { Adjustment, CheckpointRef, CommitContext, RunContext, Sha256 } from '../../workflows/contract.js';
import { sessionClosed } from '../as-activity.js';
import type { SessionDesk } from '../dependencies.js';
import { adjustmentsBefore, lineOf } from './in-force.js';
import { keepLocalState } from './local-state.js';

/**
 * Commits a state to S3 by the protocol of storage/checkpoint/commit.ts, then retires what need not stay.
 * When another committer was ahead, the session is over: the workflow goes on from the winner.
 */
export async function commitState(
  session: SessionDesk,
  context: RunContext & { readonly lineage: Sha256; readonly adjustments?: readonly Adjustment[] },
  state: StateOnDisk,
  commit: CommitContext,
  signal: AbortSignal,
): Promise<CheckpointRef> {
  const { store, host, settled } = session;
  const { step } = state.position;
  const line = lineOf(context);
  const { kind, ref } = await commitCheckpoint(store, {
    run: context.run,
    parent: commit.parent,
    position: state.position,
    lineage: lineageAt(line, step) ?? context.lineage,
    line,
    stateDigest: state.stateDigest,
    shards: state.shards,
    base: context.model.files.filter(({ name }) => name === WEIGHTS_FILE),
    observations: commit.observations,
    adjustments: adjustmentsBefore(context, step),
    forkedFrom: commit.parent === null ? context.fork?.from : undefined,
    createdBy: { fingerprint: host.fingerprint.digest, session: host.session },
    strict: context.job.exactness === 'strict',
    signal,
    onWaiting: ({ sinceMs, error }) => {
      log.warn('waiting for the store', { sinceMs: Math.round(sinceMs), error: error.message });
      if (session.desk.progress) session.desk.progress = { ...session.desk.progress, stage: 'waiting-for-store' };
    },
  });
  if (kind === 'adopted' || kind === 'rewind') {
    throw sessionClosed(`checkpoint ${ref.sequence} (step ${ref.step}) was committed by another session`);
  }
  await keepLocalState(session, context.run, state.shards);
  const keep = { last: context.job.checkpoint.keep.last, steps: commit.keepSteps };
  try {
    await retireCheckpoints(store, { run: context.run, lineage: line, keep, newest: ref, settled, signal });
    await collectOrphans(store, { newest: ref, signal });
  } catch (error) {
    // The checkpoint is durable; the next commit retires what this one could not.
    log.warn('old checkpoints stay for now', { error: error instanceof Error ? error.message : String(error) });
  }
  return ref;
}
