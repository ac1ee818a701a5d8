import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../support/random.js';
import { signalWhenThere, untilHit } from '../../support/faults/moments.js';
import { missed, seedOf, type Row } from '../row.js';
import { coldPoints, forgetData } from './cold-run.js';

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
  tries: 454,
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
        const problems = [...attempted.problems, ...missed(point, killed !== '')];
        return { ...attempted, problems, what: `${when} ${point}: ${killed}`, faults: killed === '' ? 0 : 1 };
      },
    };
  },
};
