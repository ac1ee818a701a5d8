/**
 * Tells an engine that hangs from one that works on something long. What counts is progress, not life: a step trained, a stage
 * begun, a batch evaluated. How long it may take is a function of what was measured, and of whether the process uses the
 * processor meanwhile: compiling and a large op do, a stopped process and a lock that is never given back do not.
 */
import type { TrainProgress } from '../workflows/contract.js';
import type { ProcessUse } from './process-use.js';
import type { RequestName } from './protocol.js';

export type Activity = RequestName | 'start';

/** Why an engine is given up. */
export interface Hang {
  readonly silentMs: number;
  /** It used no processor meanwhile. */
  readonly still: boolean;
  /** What a step takes; null where none was measured. */
  readonly stepMs: number | null;
}

export interface Allowed {
  /** Without progress and without using the processor. */
  readonly stillMs: number;
  /** Without progress, computing all the while. */
  readonly busyMs: number;
}

/** Docs and the sentence of a failure state times that follow from this one (docs/operations.md, Liveness). */
export const USUAL_PATIENCE_MS = 60_000;
const STEPS = 20;
const MEASURED = 32;
/** Ticks come each second. */
const LONGEST_TICK_MS = 2_000;
/** Below this share of one core a process is not computing. */
const COMPUTING = 0.02;

/** How long an engine may show no progress. `stepMs`: what a step takes, while it trains and once that has shown it. */
export function allowedSilence(activity: Activity, stepMs: number | null, patienceMs = USUAL_PATIENCE_MS): Allowed {
  if (stepMs !== null) {
    const stillMs = Math.max(patienceMs, STEPS * stepMs);
    return { stillMs, busyMs: 5 * stillMs };
  }
  // The user's own code on a few random numbers, before anything starts.
  if (activity === 'declareModule') return { stillMs: patienceMs, busyMs: patienceMs };
  if (activity === 'start') return { stillMs: patienceMs, busyMs: 5 * patienceMs };
  return { stillMs: 2 * patienceMs, busyMs: 20 * patienceMs };
}

/** Looks after one engine. Its time is what its ticks bring. */
export class Watchdog {
  readonly #stepsMs: number[] = [];
  #activity: Activity | null = 'start';
  #silentMs = 0;
  #stillMs = 0;
  #use: ProcessUse | null = null;
  /** The newest step of this request; null also while something else is done, like saving. */
  #last: { readonly step: number; readonly atMs: number } | null = null;

  constructor(
    readonly patienceMs = USUAL_PATIENCE_MS,
    readonly startPatienceMs = patienceMs,
  ) {}

  /** A request begins; null: nothing is asked of the engine now, so nothing can hang. */
  begin(activity: Activity | null): void {
    if (activity === 'load') this.#stepsMs.length = 0; // other steps than those that were measured
    this.#activity = activity;
    this.#last = null;
    this.progressed();
  }

  progressed(): void {
    this.#silentMs = 0;
    this.#stillMs = 0;
  }

  /** As `progressed`, and measures steps by what is reported of them. */
  reported({ stage, position: { step } }: TrainProgress, nowMs: number): void {
    this.progressed();
    if (stage !== 'training') return void (this.#last = null);
    if (this.#last && step > this.#last.step) {
      this.#stepsMs.push((nowMs - this.#last.atMs) / (step - this.#last.step));
      if (this.#stepsMs.length > MEASURED) this.#stepsMs.shift();
    }
    this.#last = { step, atMs: nowMs };
  }

  get stepMs(): number | null {
    const sorted = [...this.#stepsMs].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }

  /**
   * So much later: a hang, or null. `use`: what the process is at; where it is not known, it counts as computing. More than a tick
   * is the time in which this process slept itself, and what the engine said meanwhile is not read yet.
   */
  tick(sinceMs: number, use: ProcessUse | null): Hang | null {
    const elapsedMs = Math.min(sinceMs, LONGEST_TICK_MS);
    const before = this.#use;
    this.#use = use;
    if (this.#activity === null) return null;
    this.#silentMs += elapsedMs;
    const computes = !use || !before || use.runnable || use.cpuMs - before.cpuMs > COMPUTING * elapsedMs;
    this.#stillMs = computes ? 0 : this.#stillMs + elapsedMs;
    const stepMs = this.#last ? this.stepMs : null;
    const patienceMs = this.#activity === 'start' ? this.startPatienceMs : this.patienceMs;
    const { stillMs, busyMs } = allowedSilence(this.#activity, stepMs, patienceMs);
    const still = this.#stillMs > stillMs;
    return still || this.#silentMs > busyMs ? { silentMs: this.#silentMs, still, stepMs } : null;
  }
}

const seconds = (ms: number): string =>
  `${ms < 1_000 ? (ms / 1_000).toPrecision(2) : (ms / 1_000).toFixed(ms < 100_000 ? 1 : 0)} s`;

/** What hung, and for how long. `doing`: "step 481", or what else it was at. */
export function hangSentence({ silentMs, still, stepMs }: Hang, doing: string): string {
  const measured = stepMs === null ? '' : `, where a step takes ${seconds(stepMs)}`;
  return `hung at ${doing}: no progress for ${seconds(silentMs)}${measured}, ${still ? 'and it stood still' : 'though it was computing'}; it was killed`;
}
