import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../support/random.js';
import { signalWhenThere, untilHit } from '../../support/faults/moments.js';
import type { Scene } from '../../support/faults/scene.js';
import { seedOf, type Row } from '../row.js';

const VICTIMS = ['engine', 'device', 'control', 'temporal', 's3', 'engine', 'device', 'temporal', 's3', 'up'] as const;
const KILLS = 2;

/** The worker that trains: the device host that talked to the store about this run last. */
export const busyHost = (seen: string): string => (seen === '' ? 'device' : seen);

/** Two processes, at random moments of one run. */
export const killsAtRandom: Row = {
  name: 'kill-random',
  title: 'SIGKILL at a random moment: engine, workers, Temporal, S3, supervisor',
  unit: 'SIGKILL',
  tries: 140,
  inTest: 2,
  open: async ({ seed, scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'kill-random', number));
        const planned = Array.from({ length: KILLS }, (_, kill) => ({
          victim: VICTIMS[(number * KILLS + kill + Math.floor(random() * 2)) % VICTIMS.length]!,
          atMs: Math.round(800 * on.unharmedSeconds * (kill + random())),
        }));
        return untilHit(async (share) => {
          let trains = '';
          const hits: string[] = [];
          const attempted = await on.attempt({
            before: (_point, host) => void (host !== 'control' && (trains = host)),
            meanwhile: async (_run, ended) => {
              let now = 0;
              for (const { victim, atMs } of planned) {
                await pause(share * Math.max(0, atMs - now));
                now = atMs;
                const name = () => (victim === 'device' ? busyHost(trains) : victim);
                const pids = await signalWhenThere(on.world, name, 'SIGKILL', ended);
                if (pids.length > 0) hits.push(`${name()} at ${Math.round(share * atMs)} ms`);
                if (pids.length > 0 && victim === 'up') await on.world.up();
              }
            },
          });
          return { ...attempted, what: hits.join(', '), faults: hits.length };
        });
      },
    };
  },
};

/** Before and after each request to the store of a whole run, from preparing the data to publishing: who made it is killed. */
export const killsAtRequests: Row = {
  name: 'kill-request',
  title: 'SIGKILL of the worker before and after every S3 request of a run',
  unit: 'SIGKILL',
  tries: 380,
  inTest: 2,
  open: async ({ scene }) => {
    const on = await scene();
    const points = await coldPoints(on);
    return {
      tries: points.length * 2,
      attempt: async (number) => {
        const { point } = points[number >> 1]!;
        const when = number % 2 === 0 ? 'before' : 'after';
        await forgetData(on);
        let killed = '';
        const kill = async (at: string, host: string): Promise<void | 'gone'> => {
          if (at !== point || killed !== '') return undefined;
          killed = host;
          on.world.signal(host, 'SIGKILL');
          await pause(50); // the kernel has closed its sockets
          return 'gone';
        };
        const attempted = await on.attempt(
          when === 'before' ? { before: kill } : { after: async (at, host) => void (await kill(at, host)) },
        );
        const missed = killed === '' ? [`the point ${point} did not come`] : [];
        const problems = [...attempted.problems, ...missed];
        return { ...attempted, problems, what: `${when} ${point}: ${killed}`, faults: killed === '' ? 0 : 1 };
      },
    };
  },
};

/** The points of a run that finds neither data prepared nor a copy of anything on its host. */
async function coldPoints(on: Scene): Promise<Scene['points']> {
  const points: { point: string; host: string }[] = [];
  await forgetData(on);
  const { problems } = await on.attempt({ before: (point, host) => void points.push({ point, host }) });
  if (problems.length > 0) throw new Error(`the run that nobody touched went wrong: ${problems.join('; ')}`);
  const changes = ({ point }: { point: string }) => /^(PUT|DELETE|POST)/.test(point);
  return points.sort((a, b) => Number(changes(b)) - Number(changes(a)) || (a.point < b.point ? -1 : 1));
}

async function forgetData({ world }: Scene): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of world.store.list('datasets/')) keys.push(key);
  await world.store.delete(keys);
  for (const { scratch } of world.hosts) rmSync(join(scratch, 'cache'), { recursive: true, force: true });
}
