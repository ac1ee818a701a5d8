/** Rows over runs in small (support/faults/trainer.ts): the store and the protocol are the real ones, the rest is left out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counters } from '../../support/faults/points.js';
import { holdAt } from '../../support/faults/hold.js';
import { stateDigestAt, train } from '../../support/faults/trainer.js';
import { watchRun, type Watched } from '../../support/faults/watch.js';
import { seededRandom } from '../../support/random.js';
import { startFaultProxy, type FaultProxy } from '../../support/s3-fault-proxy.js';
import { startS3Server } from '../../support/s3-server.js';
import { freshRun } from '../../storage/checkpoint/states.js';
import type { RunId } from '../../../workflows/contract.js';
import { seedOf, type Row, type Stage, type Try } from '../row.js';

const STEPS = 4;

interface Pair {
  readonly proxies: readonly [FaultProxy, FaultProxy];
  watch(run: RunId): Watched;
  /** Trains the run to its end; says what is wrong with that. */
  train(worker: 0 | 1, run: RunId): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Two workers on one store, each behind a proxy of its own. */
async function pair(): Promise<Pair> {
  const server = await startS3Server();
  const folder = await mkdtemp(join(tmpdir(), 'temper-pair-'));
  const proxies = [
    await startFaultProxy(server.settings.endpoint),
    await startFaultProxy(server.settings.endpoint),
  ] as const;
  const stores = proxies.map(({ endpoint }) => server.open({ endpoint }));
  return {
    proxies,
    watch: (run) => {
      const watched = watchRun(server.bucketFolder, run);
      for (const proxy of proxies) {
        proxy.fault = () => null;
        proxy.around = watched.around;
      }
      return watched;
    },
    train: (worker, run) =>
      train(stores[worker]!, { run, steps: STEPS, folder: join(folder, `${run}-${worker}`) }).then(
        ({ stateDigest }) =>
          stateDigest === stateDigestAt(STEPS) ? [] : [`worker ${worker} ended with another state`],
        (error: unknown) => [`worker ${worker}: ${String(error)}`],
      ),
    close: async () => {
      for (const proxy of proxies) await proxy.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What is wrong, in the end, with the bucket and with what the workers came to. */
async function judged(watched: Watched, ...trained: (readonly string[])[]): Promise<string[]> {
  const nothing = (await watched.look()).length === 0 ? ['no checkpoint verifies in the end'] : [];
  return [...trained.flat(), ...nothing, ...watched.problems];
}

const alike = { lostSteps: 0, extraSeconds: null } satisfies Partial<Try>;

/** Two workers on one run from the start on, each request of either late by up to 20 ms, some by 150. */
export const twoWriters: Row = {
  name: 'two-writers',
  title: 'two live workers on one run (in small): one linear history',
  unit: 'run of two',
  tries: 200,
  inTest: 5,
  open: async ({ seed }): Promise<Stage> => {
    const two = await pair();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'two-writers', number));
        const late = () => ({ kind: 'delay', ms: Math.floor((random() < 0.1 ? 150 : 20) * random()) }) as const;
        const run = freshRun();
        const watched = two.watch(run);
        for (const proxy of two.proxies) proxy.fault = late;
        const trained = await Promise.all([two.train(0, run), two.train(1, run)]);
        const problems = await judged(watched, ...trained);
        return { ...alike, problems, what: 'both trained to the end', faults: 1 };
      },
      close: two.close,
    };
  },
};

/** The first is held at a request, the second trains to the end, retention and all; then the first goes on. */
export const heldWriters: Row = {
  name: 'held-writer',
  title: 'a worker (in small) held before and after every request until a successor is done',
  unit: 'zombie',
  tries: 304,
  inTest: 12,
  open: async (): Promise<Stage> => {
    const two = await pair();
    const points = await pointsOf(two);
    return {
      tries: points.length * 2,
      attempt: async (number) => {
        const point = points[number >> 1]!;
        const when = number % 2 === 0 ? 'before' : 'after';
        const run = freshRun();
        const watched = two.watch(run);
        const held = holdAt(two.proxies[0], { point, when, watched });
        const first = two.train(0, run);
        await Promise.race([held.reached, first]);
        const second = await two.train(1, run);
        held.release();
        const problems = await judged(watched, await first, second);
        return { ...alike, problems, what: `held ${when} ${point}`, faults: 1 };
      },
      close: two.close,
    };
  },
};

/** Every point of a run that is alone. */
async function pointsOf(two: Pair): Promise<string[]> {
  const counters = new Counters();
  const points: string[] = [];
  const run = freshRun();
  const watched = two.watch(run);
  two.proxies[0].fault = (requested) => (points.push(counters.point(requested)), null);
  const problems = await judged(watched, await two.train(0, run));
  if (problems.length > 0) throw new Error(`the run that nobody touched went wrong: ${problems.join('; ')}`);
  return points;
}
