import type { Look } from '../runs/look.js';
import type { Observation, Position } from '../../workflows/contract.js';

/** Where training is now: the device's word while it trains, else the workflow's. */
export function positionOf({ status, progress }: Look): Position | null {
  if (!status) return progress?.position ?? null;
  return status.stage === 'trainEpoch' && progress ? progress.position : status.position;
}

/** Time for the steps that are left, at the present rate; validation and saving come on top. Null: nothing to go by. */
export function remainingMs(look: Look): number | null {
  const { status, training } = look;
  const position = positionOf(look);
  if (!position || !status?.totalSteps || !status.dataset || !status.stepsPerEpoch) return null;
  const examplesPerSecond = training?.examplesPerSecond ?? 0;
  if (examplesPerSecond <= 0) return null;
  const examplesPerStep = status.dataset.rows.train / status.stepsPerEpoch;
  return Math.round(((status.totalSteps - position.step) * examplesPerStep * 1000) / examplesPerSecond);
}

/** By step: a run that went back to a checkpoint may list them in another order. */
export const inOrder = (observations: readonly Observation[]): Observation[] =>
  [...observations].sort((a, b) => a.step - b.step);

/** Longer than this without a heartbeat, and something is wrong: a session sends one each two seconds. */
const SILENT_AFTER_MS = 5_000;

/** Milliseconds since the device was last heard of, when that is worrying; else null. */
export function silence({ heartbeat, temporalAnswers, lookedAtMs }: Look): number | null {
  if (!heartbeat || !temporalAnswers) return null;
  const silentMs = lookedAtMs - heartbeat.seenAtMs;
  return silentMs > SILENT_AFTER_MS ? silentMs : null;
}
