/**
 * Steps gathered before their turn. How many is bounded by bytes: a few small batches, or one large one. A cut run gathers again
 * what it had ahead: the order of an epoch and all that is drawn for a row are functions of their numbers alone.
 */
import type { GatherAt, Gathered } from '../examples/examples.js';
import type { Gatherer } from './gatherer.js';

/** A step's micro-batches and where the run is then. */
export interface StepToGather {
  readonly batches: readonly Int32Array[];
  readonly at: GatherAt;
}

export interface Feed {
  /** Micro-batches of the next step. @throws when they could not be gathered. */
  next(): Promise<readonly Gathered[]>;
  /** For how long next() was waited for, in all. */
  readonly waitedMs: number;
  /** Waits for what is under way and drops it. */
  close(): Promise<void>;
}

const STEPS_AHEAD = 4;
const BYTES_AHEAD = 128 * 2 ** 20;

export function feedAhead(
  gatherer: Gatherer,
  steps: Iterator<StepToGather>,
  rows: number,
  clockMs: () => number,
): Feed {
  const begun: Promise<readonly Gathered[]>[] = [];
  let ahead = 1;
  let largest = 0;
  let waitedMs = 0;

  function begin(): void {
    while (begun.length < ahead) {
      const { value, done } = steps.next();
      if (done) return;
      const step = Promise.all(value.batches.map((batch) => gatherer.gather(batch, rows, value.at)));
      step.catch(() => undefined); // it is awaited in its turn
      begun.push(step);
    }
  }

  return {
    get waitedMs() {
      return waitedMs;
    },
    async next() {
      begin();
      const first = begun.shift();
      if (!first) throw new Error('a step was asked for after the last one');
      const startMs = clockMs();
      const gathered = await first;
      waitedMs += clockMs() - startMs;
      largest = Math.max(largest, bytesOf(gathered));
      ahead = Math.max(1, Math.min(STEPS_AHEAD, Math.floor(BYTES_AHEAD / largest)));
      begin();
      return gathered;
    },
    async close() {
      await Promise.allSettled(begun.splice(0));
    },
  };
}

const bytesOf = (gathered: readonly Gathered[]): number =>
  gathered.flatMap(({ feeds }) => Object.values(feeds)).reduce((sum, { byteLength }) => sum + byteLength, 1);
