import type { Subject } from './subject.js';
import type { Row } from './subject.js';

export interface Measured extends Row {
  /** Median ms of a step, round by round. */
  readonly rounds: readonly number[];
  readonly medianMs: number;
  readonly meanMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export interface Contender {
  readonly rows: readonly Row[];
  readonly start: () => Subject;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Everyone in turn, A B C A B C …, after a round that only warms up: what else the machine does then hits all alike, and
 * a ratio is taken within each round (ratioOf).
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  say: (sentence: string) => void,
): Promise<Measured[]> {
  const running = contenders.map(({ rows, start }) => ({ rows, subject: start() }));
  const steps = new Map<Row, number[][]>();
  try {
    for (let round = 0; round <= rounds; round++) {
      say(round === 0 ? 'Loading, and a round to warm up...' : `Round ${round} of ${rounds}...`);
      for (const { rows, subject } of running) {
        for (const row of rows) {
          const ms = await subject.ask(row);
          if (round > 0) steps.set(row, [...(steps.get(row) ?? []), ms]);
        }
      }
    }
  } finally {
    for (const { subject } of running) subject.close();
  }
  return [...steps].map(([{ peer, work }, times]) => {
    const all = times.flat();
    return {
      ...{ peer, work, rounds: times.map(median), medianMs: median(all), meanMs: mean(all) },
      ...{ minMs: Math.min(...all), maxMs: Math.max(...all) },
    };
  });
}

/** Median over the rounds of a's time to b's in the same round. */
export const ratioOf = (a: Measured, b: Measured): number => median(a.rounds.map((ms, i) => ms / b.rounds[i]!));

/** The fastest step of each: what a machine that others use as well disturbs least. */
export const ratioOfFastest = (a: Measured, b: Measured): number => a.minMs / b.minMs;
