import type { Look } from '../runs/look.js';
import { positionOf, remainingMs } from './estimate.js';
import { troubleOf } from './stage.js';

const EVERY_MS = 10_000;

/** `temper status --json`, and every line of `temper watch --json` (docs/cli.md). */
export const lookJson = (look: Look) => {
  const { run, workflow, status, progress, worker, freeHosts, temporalAnswers } = look;
  return {
    run,
    state: workflow?.state ?? null,
    job: workflow?.job ?? null,
    model: workflow?.model ?? null,
    startedAt: workflow?.startedAt.toISOString() ?? null,
    closedAt: workflow?.closedAt?.toISOString() ?? null,
    temporalAnswers,
    worker,
    trouble: troubleOf(look),
    position: positionOf(look),
    remainingMs: remainingMs(look),
    freeHosts,
    progress,
    status,
  };
};

/** An object when stage, validation, checkpoint, sessions, free hosts or trouble changed, and each ten seconds while it trains. */
export class JsonReporter {
  #known = '';
  #saidAtMs = -Infinity;

  event(look: Look, nowMs: number): object | null {
    if (!look.workflow) return null;
    const { status, progress, freeHosts } = look;
    const trouble = troubleOf(look)?.replace(/ for .*/, '') ?? null;
    const known = JSON.stringify([
      look.workflow.state,
      status?.stage,
      status?.observations.length,
      status?.features?.digest,
      status?.lastCheckpoint?.sequence,
      (status?.earlierSessions?.count ?? 0) + (status?.sessions.length ?? 0),
      status?.adjustments?.length,
      progress?.stage,
      freeHosts && [freeHosts.fitting > 0, freeHosts.others > 0],
      trouble,
    ]);
    const due =
      (status?.stage === 'trainEpoch' || status?.stage === 'computeFeatures') && nowMs - this.#saidAtMs >= EVERY_MS;
    if (known === this.#known && !due) return null;
    this.#known = known;
    this.#saidAtMs = nowMs;
    return { event: 'progress', ...lookJson(look) };
  }
}
