import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../../support/faults/fault.js';
import { memoryDuring } from '../../support/faults/memory.js';
import { untilHit } from '../../support/faults/moments.js';
import { answers, storm } from '../../support/faults/storm.js';
import { seededRandom } from '../../support/random.js';
import { seedOf, type Row } from '../row.js';

interface Weather {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly tries: number;
  readonly inTest: number;
  readonly plan: (seed: number) => ReturnType<typeof storm>;
}

/** Faults all the time, from the first request to the last. */
const weather = ({ name, title, unit, tries, inTest, plan }: Weather): Row => ({
  name,
  title,
  unit,
  tries,
  inTest,
  open: async ({ seed, scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const faultOf = plan(seedOf(seed, name, number));
        let faults = 0;
        const attempted = await on.attempt({
          fault: (_point, _host, requested) => {
            const fault = faultOf(requested);
            if (fault) faults++;
            return fault;
          },
          withinMs: 400_000,
        });
        return { ...attempted, what: `${faults} faults`, faults };
      },
    };
  },
});

export const storms = weather({
  name: 'requests',
  title: 'of all requests 15 % dropped, late, cut, reset, damaged, stale, answer lost, or 409 412 403 429 500 503',
  unit: 'fault',
  tries: 40,
  inTest: 2,
  plan: (seed) => storm({ seed, rate: 0.15 }),
});

export const half503 = weather({
  name: 'store-503',
  title: 'half of all requests answered 503, with and without Retry-After',
  unit: '503',
  tries: 10,
  inTest: 0, // a minute and more of pauses; the row before has these answers too
  plan: (seed) =>
    storm({
      seed,
      rate: 0.5,
      kinds: ['answer'],
      answers: answers.filter((each) => each.kind === 'answer' && each.status === 503),
    }),
});

interface Outage {
  readonly name: string;
  readonly title: string;
  /** Seconds of the try of each number. The first is the one of `npm test`. */
  readonly seconds: readonly number[];
  readonly faultOf: (number: number, point: string) => Fault | null;
}

/** From a random moment on, for some time, without an exception. */
export const outage = ({ name, title, seconds, faultOf }: Outage): Row => ({
  name,
  title,
  unit: 'outage',
  tries: seconds.length,
  inTest: 1,
  open: async ({ seed, scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, name, number));
        const [atMs, forMs] = [1000 * on.unharmedSeconds * random(), 1000 * seconds[number]!];
        return untilHit(async (share) => {
          let away = false;
          let [grown, faults]: [string[], number] = [[], 0];
          const attempted = await on.attempt({
            fault: (point) => (away ? faultOf(number, point) : null),
            meanwhile: async (_run, ended) => {
              await pause(share * atMs);
              if (ended.aborted) return;
              [away, faults] = [true, 1];
              grown = await memoryDuring(on, forMs);
              away = false;
            },
            withinMs: forMs + 240_000,
          });
          const what = `at ${Math.round(share * atMs)} ms for ${forMs / 1000} s`;
          return { ...attempted, problems: [...attempted.problems, ...grown], what, faults };
        });
      },
    };
  },
});

const says = (status: number, code: string): Fault => ({ kind: 'answer', status, code });
const HANGS = [{ kind: 'hang' }, { kind: 'hang-answer', atByte: 10 }, { kind: 'drip' }] satisfies Fault[];
const FULL = [says(507, 'InsufficientStorage'), says(403, 'QuotaExceeded'), says(507, 'XMinioStorageFull')];

export const away = outage({
  name: 'store-away',
  title: 'the store cannot be reached, 10 s to 10 min',
  seconds: [10, 30, 60, 120, 600],
  faultOf: () => ({ kind: 'refuse' }),
});

export const hanging = outage({
  name: 'store-hang',
  title: 'the store accepts requests and never answers, stops within an answer, or lets it drip',
  seconds: [10, 45, 45, 90],
  faultOf: (number) => HANGS[number % HANGS.length]!,
});

export const expired = outage({
  name: 'store-expired',
  title: 'the credentials have expired, and are renewed',
  seconds: [10, 60, 180],
  faultOf: (number) => says(number % 2 === 0 ? 403 : 400, 'ExpiredToken'),
});

export const fullBucket = outage({
  name: 'bucket-full',
  title: 'the bucket is full: nothing can be put, and then it can',
  seconds: [10, 60, 180],
  faultOf: (number, point) => (point.startsWith('PUT') ? FULL[number % FULL.length]! : null),
});
