/**
 * A step that kills its engine, or hangs in it, will do so again. Deaths are counted by step, over sessions and hosts; the last
 * try is made from the very state before the step, made durable first, so that it can be done again by whoever looks into it.
 */
import type { EngineDeath, Position, Suspect, TrainUntil } from '../contract.js';

/** Deaths in a row at one step after which the run fails. */
export const DEATHS = 3;

/** The suspect after one more death; at another step than before the count begins anew. */
export function suspected(before: Suspect | null, death: EngineDeath): Suspect {
  const same = before?.step === death.step;
  return { step: death.step, deaths: [...(same ? before.deaths : []), death] };
}

/** The suspect whose next death is the last that is allowed; null: there is none. */
export const lastTry = (suspect: Suspect | null): Suspect | null =>
  suspect !== null && suspect.deaths.length >= DEATHS - 1 ? suspect : null;

/** `until`, or the step before the suspect, where a last try is to begin. */
export function upToSuspect(suspect: Suspect | null, from: Position, until: TrainUntil): TrainUntil {
  const before = (lastTry(suspect)?.step ?? 0) - 1;
  return from.step < before && before < until.step ? { ...until, step: before } : until;
}

/** Training is about to do the suspected step, for the last time if it is fatal. */
export const meetsSuspect = (suspect: Suspect | null, from: Position): boolean =>
  lastTry(suspect)?.step === from.step + 1;
