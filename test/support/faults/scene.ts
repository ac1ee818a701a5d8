/**
 * A world with a run that nobody touched in it, and attempts to hurt runs of the same job. Every attempt is audited after every
 * request, and its result is compared bit by bit.
 */
import type { FineTuneInput, FineTuneResult, RunId } from '../../../workflows/contract.js';
import { bucketFolder } from '../bucket.js';
import type { Fault, Requested } from '../s3-fault-proxy.js';
import { differences, inputOf, resultOf, smallJob, startRun } from './attempt.js';
import { Machines } from './machines.js';
import { Counters } from './points.js';
import type { SmallDisk } from './small-disk.js';
import { watchRun } from './watch.js';
import { startWorld, type World } from './world.js';
import type { JobSections } from '../runs.js';

/** What a test does to requests. `point` names it (points.ts), `host` who made it. */
export interface Hurt {
  readonly fault?: (point: string, host: string, requested: Requested) => Fault | null | Promise<Fault | null>;
  /** `gone`: it never reaches the store, as of a client that died before it sent it. */
  readonly before?: (point: string, host: string, run: RunId) => void | 'gone' | Promise<void | 'gone'>;
  readonly after?: (point: string, host: string, run: RunId) => void | Promise<void>;
  /** Runs beside the run, from its start on; `ended` is aborted when the run has ended. */
  readonly meanwhile?: (run: RunId, ended: AbortSignal) => Promise<void>;
  /** When it has ended, before the bucket is judged. */
  readonly finally?: (run: RunId) => Promise<void>;
  readonly withinMs?: number;
  /** It damages objects itself: only the end is audited. */
  readonly damages?: boolean;
}

export interface Attempted {
  readonly problems: readonly string[];
  readonly lostSteps: number;
  /** What the fault cost: wall time over that of the run that nobody touched. */
  readonly extraSeconds: number;
  /** From its start to its end. */
  readonly seconds: number;
  readonly result: FineTuneResult | null;
}

export interface Scene {
  readonly world: World;
  readonly unharmed: FineTuneResult;
  readonly unharmedSeconds: number;
  /** Points of the run that nobody touched, with the host that made each request. */
  readonly points: readonly { readonly point: string; readonly host: string }[];
  /** Of the device hosts, in their order. */
  readonly disks: readonly SmallDisk[];
  /** Puts a host's clock off, its engines' too. */
  setClock(host: string, offsetMs: number): void;
  attempt(hurt: Hurt): Promise<Attempted>;
  stop(): Promise<void>;
}

export async function startScene(job: JobSections = smallJob, devices = 2): Promise<Scene> {
  const machines = new Machines();
  const world = await startWorld({ devices, env: machines.env });
  const stop = () => world.stop(() => machines.remove());
  try {
    const input = await inputOf(world, job);
    return { ...(await touched(world, input, machines)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function touched(world: World, input: FineTuneInput, machines: Machines): Promise<Omit<Scene, 'stop'>> {
  let runs = 0;
  const once = async (hurt: Hurt, unharmed: FineTuneResult | null) => {
    const run = `f-${++runs}` as RunId;
    const watched = watchRun(bucketFolder(world), run);
    const counters = new Counters();
    const pointOf = new WeakMap<Requested, string>();
    for (const { s3, name } of world.hosts) {
      s3.fault = (requested) => {
        if (/\/runs\/|prefix=runs/.test(requested.path) && !requested.path.includes(run)) return null;
        const point = counters.point(requested);
        pointOf.set(requested, point);
        return hurt.fault?.(point, name, requested) ?? null;
      };
      s3.around = async (requested, send) => {
        const point = pointOf.get(requested);
        if (point !== undefined && (await hurt.before?.(point, name, run)) === 'gone') throw new Error('never sent');
        const answer = await watched.around(requested, send);
        if (point !== undefined) await hurt.after?.(point, name, run);
        return answer;
      };
    }
    const started = performance.now();
    const problems: string[] = [];
    let result: FineTuneResult | null = null;
    let seconds = 0;
    const over = new AbortController();
    try {
      await startRun(world, { ...input }, run);
      const ending = resultOf(world, run, hurt.withinMs ?? 180_000).finally(() => {
        seconds = (performance.now() - started) / 1000;
        over.abort();
      });
      const [ended] = await Promise.all([ending, hurt.meanwhile?.(run, over.signal)]);
      result = ended;
      await hurt.finally?.(run);
      const verifiable = await watched.look();
      for (const { sequence } of [ended.final, ended.best])
        if (!verifiable.includes(sequence)) problems.push(`checkpoint ${sequence} does not verify in the end`);
      if (unharmed) problems.push(...differences(world, run, ended, unharmed));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
    if (!hurt.damages) problems.push(...watched.problems);
    return { problems, result, seconds };
  };

  const points: { point: string; host: string }[] = [];
  await once({}, null); // the first one loads everything for the first time
  const first = await once({ before: (point, host) => void points.push({ point, host }) }, null);
  if (!first.result || first.problems.length > 0)
    throw new Error(`the run that nobody touched went wrong: ${first.problems.join('; ')}`);
  const { result: unharmed, seconds: unharmedSeconds } = first;
  return {
    world,
    unharmed,
    unharmedSeconds,
    points,
    disks: machines.disks,
    setClock: (host, offsetMs) => machines.setClock(world, host, offsetMs),
    attempt: async (hurt) => {
      const { problems, result, seconds } = await once(hurt, unharmed);
      const lostSteps = result?.sessions.reduce((sum, { stepsRedone }) => sum + stepsRedone, 0) ?? 0;
      return { problems, lostSteps, extraSeconds: Math.max(0, seconds - unharmedSeconds), seconds, result };
    },
  };
}
