import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../support/random.js';
import { untilHit } from '../../support/faults/moments.js';
import { untilQuiet } from '../../support/faults/quiet.js';
import type { Scene } from '../../support/faults/scene.js';
import { missed, seedOf, type Row } from '../row.js';

/** Long enough for a worker that wakes up to hear from the server and to do what it still would do. */
const SETTLE_MS = 2_500;

/**
 * A worker is stopped in the middle of a request, and the request is held before the store or its answer after it. A successor
 * trains to the end, commits and retires meanwhile. Then the request arrives, and the worker goes on.
 */
export const zombies: Row = {
  name: 'zombie',
  title: 'SIGSTOP at a protocol point until a successor is done, then SIGCONT',
  unit: 'SIGSTOP',
  tries: 122,
  inTest: 1,
  open: async ({ scene }) => {
    const on = await scene();
    const points = protocolPoints(on);
    return {
      tries: points.length * 2,
      attempt: async (number) => {
        const point = points[number >> 1]!;
        const when = number % 2 === 0 ? 'before' : 'after';
        let zombie = '';
        let release = (): void => undefined;
        const released = new Promise<void>((resolve) => (release = resolve));
        const attempted = await on.attempt({
          [when]: (at: string, host: string): Promise<void> | undefined => {
            if (at !== point || zombie !== '') return undefined;
            zombie = host;
            on.world.signal(host, 'SIGSTOP');
            return released;
          },
          finally: async () => {
            release();
            on.world.signal(zombie, 'SIGCONT');
            await pause(SETTLE_MS);
            await untilQuiet(on.world, SETTLE_MS / 2);
          },
        });
        if (zombie !== '') on.world.signal(zombie, 'SIGCONT'); // also when the run failed
        release();
        return {
          ...attempted,
          problems: [...attempted.problems, ...missed(point, zombie !== '')],
          what: `${zombie} held ${when} ${point}`,
          faults: 1,
        };
      },
    };
  },
};

/** What changes the store comes first; of the others every third. */
function protocolPoints({ points }: Scene): string[] {
  const ours = points.filter(
    ({ point, host }) => host !== 'control' && /manifest|shard|fence|checkpoints|pins/.test(point),
  );
  const changing = ours.filter(({ point }) => /^(PUT|DELETE)/.test(point));
  const others = ours.filter(({ point }) => !/^(PUT|DELETE)/.test(point)).filter((_, i) => i % 3 === 0);
  return [...changing, ...others].map(({ point }) => point);
}

/** The cable to Temporal alone is cut: the old worker trains and uploads on, a second one begins. Both are alive on one run. */
export const twoWorkers: Row = {
  name: 'two-workers',
  title: 'two live workers on one run: the first is cut off from Temporal, not from S3',
  unit: 'cut',
  tries: 200,
  inTest: 1,
  open: async ({ seed, scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'two-workers', number));
        const [atMs, forMs] = [1000 * on.unharmedSeconds * random(), 7_500 + 4_000 * random()];
        return untilHit(async (share) => {
          const said = await cutOff(on, { atMs: share * atMs, forMs, cables: [0], hosts: 'one' });
          return { ...said, what: `Temporal cut ${words(share * atMs, forMs)}` };
        });
      },
    };
  },
};

/** Longer than every time-out: a heartbeat's 6 s, an idle connection's 30 s, a session's minute, an engine's minute. */
const LONG_MS = 75_000;

export const partitions: Row = {
  name: 'partition',
  title: 'a host is cut off from everything for longer than every time-out, then healed',
  unit: 'partition',
  tries: 6,
  inTest: 1,
  open: async ({ seed, scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'partition', number));
        const hosts = number % 3 === 2 ? 'all' : 'one';
        const [atMs, forMs] = [1000 * on.unharmedSeconds * random(), number === 0 ? 8_000 : LONG_MS];
        const whose = hosts === 'one' ? 'the busy host' : 'all device hosts';
        return untilHit(async (share) => {
          const said = await cutOff(on, { atMs: share * atMs, forMs, cables: [0, 1], hosts });
          return { ...said, what: `${whose} cut off ${words(share * atMs, forMs)}` };
        });
      },
    };
  },
};

const words = (atMs: number, forMs: number) => `at ${Math.round(atMs)} ms for ${Math.round(forMs)} ms`;

interface Cut {
  readonly atMs: number;
  readonly forMs: number;
  readonly cables: readonly (0 | 1)[];
  readonly hosts: 'one' | 'all';
}

async function cutOff(on: Scene, { atMs, forMs, cables, hosts }: Cut) {
  let [trains, faults] = ['device', 0];
  const attempted = await on.attempt({
    before: (_point, host) => void (host !== 'control' && (trains = host)),
    meanwhile: async (_run, ended) => {
      await pause(atMs);
      if (ended.aborted) return;
      faults = 1;
      const cut = on.world.hosts.filter(({ name }) => name === trains || (hosts === 'all' && name !== 'control'));
      for (const host of cut) for (const cable of cables) host.cables[cable].cut();
      await pause(forMs);
      for (const host of cut) for (const cable of cables) host.cables[cable].heal();
    },
    finally: async () => {
      await pause(SETTLE_MS);
      await untilQuiet(on.world, SETTLE_MS / 2);
    },
  });
  return { ...attempted, faults };
}
