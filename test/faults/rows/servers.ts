/** Everything but the worker that trains: killed at protocol points, frozen at random moments, away for a while. */
import { setTimeout as pause } from 'node:timers/promises';
import { smallJob } from '../../support/faults/attempt.js';
import { signalWhenThere, untilHit } from '../../support/faults/moments.js';
import { startScene } from '../../support/faults/scene.js';
import { seededRandom } from '../../support/random.js';
import { seedOf, type Row } from '../row.js';

const OTHERS = ['engine', 's3', 'temporal', 'up', 'control'] as const;

export const killsAtPoints: Row = {
  name: 'kill-point',
  title: 'SIGKILL of engine, S3, Temporal, supervisor, control worker before and after what changes the store',
  unit: 'SIGKILL',
  tries: 60,
  inTest: 1,
  open: async ({ seed, scene }) => {
    const on = await scene();
    const points = on.points.filter(({ point }) => /^(PUT|DELETE)/.test(point)).map(({ point }) => point);
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'kill-point', number));
        const victim = OTHERS[number % OTHERS.length]!;
        const point = points[Math.floor(random() * points.length)]!;
        const when = random() < 0.5 ? 'before' : 'after';
        let killed = 0;
        let upAgain: Promise<void> = Promise.resolve();
        const kill = async (at: string): Promise<void> => {
          if (at !== point || killed > 0) return;
          killed = on.world.signal(victim, 'SIGKILL').length;
          await pause(50); // the kernel has closed its sockets
          if (victim === 'up') upAgain = on.world.up();
          upAgain.catch(() => undefined); // awaited below
        };
        const attempted = await on.attempt({ [when]: kill, finally: () => upAgain });
        const missed = killed === 0 ? [`nothing was killed at ${point}`] : [];
        const problems = [...attempted.problems, ...missed];
        return { ...attempted, problems, what: `${victim} ${when} ${point}`, faults: killed > 0 ? 1 : 0 };
      },
    };
  },
};

const FROZEN = ['engine', 's3', 'temporal', 'control', 'device', 'up'] as const;

/** What was frozen may have been given up, and killed, by who looks after it. */
function goOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export const freezes: Row = {
  name: 'freeze',
  title: 'SIGSTOP of any process at a random moment, SIGCONT after 1 to 20 s',
  unit: 'SIGSTOP',
  tries: 24,
  inTest: 1,
  open: async ({ seed, scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'freeze', number));
        const victim = FROZEN[number % FROZEN.length]!;
        const atMs = Math.round(800 * on.unharmedSeconds * random());
        const forMs = Math.round(1_000 + 19_000 * random() ** 2);
        return untilHit(async (share) => {
          let frozen: number[] = [];
          const attempted = await on.attempt({
            meanwhile: async (_run, ended) => {
              await pause(share * atMs);
              frozen = await signalWhenThere(on.world, victim, 'SIGSTOP', ended);
              if (frozen.length === 0) return;
              await pause(forMs);
              for (const pid of frozen) goOn(pid);
            },
          });
          const what = `${victim} at ${Math.round(share * atMs)} ms for ${forMs} ms`;
          return { ...attempted, what, faults: frozen.length > 0 ? 1 : 0 };
        });
      },
    };
  },
};

/**
 * On a single device: a session that its run has left, but that does not end, would keep it from the run. Some heartbeats of a session
 * are missed then and some are not.
 */
export const serverAway: Row = {
  name: 'server-away',
  title:
    'SIGKILL of Temporal at a random moment, back after 2 to 8 s (heartbeats time out in 6 s); there is one device',
  unit: 'SIGKILL',
  tries: 24,
  inTest: 1,
  open: async ({ seed }) => {
    const on = await startScene(smallJob, 1);
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'server-away', number));
        const atMs = Math.round(800 * on.unharmedSeconds * random());
        const forMs = Math.round(2_000 + 6_000 * random());
        return untilHit(async (share) => {
          let killed = 0;
          const attempted = await on.attempt({
            meanwhile: async (_run, ended) => {
              await pause(share * atMs);
              const supervisors = await signalWhenThere(on.world, 'up', 'SIGSTOP', ended); // it would start another at once
              if (supervisors.length === 0) return;
              killed = on.world.signal('temporal', 'SIGKILL').length;
              await pause(forMs);
              for (const pid of supervisors) goOn(pid);
            },
          });
          return { ...attempted, what: `at ${Math.round(share * atMs)} ms for ${forMs} ms`, faults: killed };
        });
      },
      close: () => on.stop(),
    };
  },
};
