import { setTimeout as pause } from 'node:timers/promises';
import { memoryDuring } from '../../support/faults/memory.js';
import { untilHit } from '../../support/faults/moments.js';
import { seededRandom } from '../../support/random.js';
import { missed, seedOf, type Row } from '../row.js';

const SECONDS = [8, 30, 90];

export const fullDisk: Row = {
  name: 'disk-full',
  title: "every device host's disk filled to the last byte; what the run deletes of its own is room again",
  unit: 'outage',
  tries: SECONDS.length,
  inTest: 1,
  open: async ({ seed, scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'disk-full', number));
        const [atMs, forMs] = [1000 * on.unharmedSeconds * (0.2 + 0.5 * random()), 1000 * SECONDS[number]!];
        return untilHit(async (share) => {
          let [grown, faults]: [string[], number] = [[], 0];
          const attempted = await on.attempt({
            meanwhile: async (_run, ended) => {
              await pause(share * atMs);
              if (ended.aborted) return;
              faults = 1;
              for (const disk of on.disks) disk.fill();
              grown = await memoryDuring(on, forMs);
              for (const disk of on.disks) disk.empty();
            },
            withinMs: forMs + 240_000,
          });
          const what = `${on.disks[0]?.kind} at ${Math.round(share * atMs)} ms for ${forMs / 1000} s`;
          return { ...attempted, problems: [...attempted.problems, ...grown], what, faults };
        });
      },
    };
  },
};

const YEAR_MS = 365 * 86_400_000;
const OFFSETS = [YEAR_MS, -YEAR_MS] as const;
const WORKERS = ['control', 'device', 'device-2'];

export const wrongYear: Row = {
  name: 'clock-year',
  title: 'clocks of workers and engines a year off, the hosts apart by two',
  unit: 'clock',
  tries: 6,
  inTest: 1,
  open: async ({ scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const offsets = WORKERS.map((_, i) => OFFSETS[(number + i) % 2]!);
        WORKERS.forEach((name, i) => on.setClock(name, offsets[i]!));
        const attempted = await on.attempt({});
        for (const name of WORKERS) on.setClock(name, 0);
        return { ...attempted, what: offsets.map((ms) => `${ms / YEAR_MS} y`).join(', '), faults: WORKERS.length };
      },
    };
  },
};

export const clockJumps: Row = {
  name: 'clock-jump',
  title: 'the clock jumps in the middle of a save: back by an hour, a year; ahead by a year',
  unit: 'jump',
  tries: 9,
  inTest: 1,
  open: async ({ scene }) => {
    const on = await scene();
    const saves = on.points.filter(({ point }) => /^PUT (shard|manifest)/.test(point)).map(({ point }) => point);
    return {
      attempt: async (number) => {
        const offset = [-3_600_000, -YEAR_MS, YEAR_MS][number % 3]!;
        const point = saves[(1 + 4 * number) % saves.length]!;
        let jumped = 0;
        const attempted = await on.attempt({
          after: (at, host) => {
            if (at !== point) return;
            jumped++;
            on.setClock(host, offset);
          },
        });
        for (const name of WORKERS) on.setClock(name, 0);
        const problems = [...attempted.problems, ...missed(point, jumped > 0)];
        return { ...attempted, problems, what: `${offset / 3_600_000} h after ${point}`, faults: jumped };
      },
    };
  },
};
