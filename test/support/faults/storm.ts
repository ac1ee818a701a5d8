/**
 * A seeded plan of faults. Which fault a request meets is a function of (seed, what the request is for, how often it was made),
 * so the same seed gives the same faults however requests overlap.
 */
import { createHash } from 'node:crypto';
import { seededRandom } from '../random.js';
import type { Requested } from '../s3-fault-proxy.js';
import type { Fault } from './fault.js';
import { Counters, requestName } from './points.js';

const answer = (status: number, code: string, retryAfter?: number): Fault => ({
  kind: 'answer',
  status,
  code,
  ...(retryAfter !== undefined && { retryAfter }),
});

/** Everything that a run must live with as often as it comes. A hung connection costs its time-out: those have a row of their own. */
export const allFaults: readonly Fault['kind'][] = [
  ...(['refuse', 'delay', 'answer', 'cut-request', 'lose-answer', 'cut-answer', 'stale'] as const),
  ...(['flip-request', 'flip-answer'] as const),
];

export const answers: readonly Fault[] = [
  answer(409, 'OperationAborted'),
  answer(412, 'PreconditionFailed'),
  answer(403, 'AccessDenied'),
  answer(429, 'TooManyRequests'),
  answer(429, 'TooManyRequests', 1),
  answer(500, 'InternalError'),
  answer(503, 'SlowDown'),
  answer(503, 'SlowDown', 1),
];

export interface StormOptions {
  readonly seed: number;
  /** Share of the requests that meet a fault, from 0 to 1. */
  readonly rate: number;
  readonly kinds?: readonly Fault['kind'][];
  readonly answers?: readonly Fault[];
}

export function storm({ seed, rate, kinds = allFaults, answers: from = answers }: StormOptions) {
  const counters = new Counters();
  return (requested: Requested): Fault | null => {
    const name = requestName(requested);
    const random = randomOf(seed, name, counters.next(name));
    if (random() >= rate) return null;
    return drawn(kinds[Math.floor(random() * kinds.length)]!, from, random);
  };
}

function drawn(kind: Fault['kind'], from: readonly Fault[], random: () => number): Fault {
  const atBit = Math.floor(random() * 2 ** 20);
  if (kind === 'answer') return from[Math.floor(random() * from.length)]!;
  if (kind === 'delay') return { kind, ms: Math.floor(random() * 300) };
  if (kind === 'flip-answer' || kind === 'flip-request') return { kind, atBit };
  if (kind === 'hang' || kind === 'drip' || kind === 'hang-answer' || kind === 'stale') return { kind };
  return { kind, reset: atBit % 2 === 0 };
}

function randomOf(seed: number, name: string, count: number): () => number {
  const digest = createHash('sha256').update(`${seed} ${name} ${count}`).digest();
  return seededRandom(digest.readUInt32LE(0));
}
