import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bucketFolder } from '../../support/bucket.js';
import { missed, type Row } from '../row.js';

const SECONDS = [10, 30, 60, 120];
const LOOK_EACH_MS = 200;
/** Of the second of them: the workflow has heard of the one before. */
const POINT = 'PUT manifest 3 #1';

/** What a worker sees that has another bucket than the one before it, which died. */
export const emptied: Row = {
  name: 'store-emptied',
  title:
    'SIGKILL of the worker, and the store has nothing of the run (another bucket, or an emptied one), and then it has',
  unit: 'outage',
  tries: SECONDS.length,
  inTest: 1,
  open: async ({ scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const forMs = 1000 * SECONDS[number]!;
        let there = '';
        let looks = 0;
        const aside = join(on.world.folder, 'aside');
        const problems: string[] = [];
        let takeAway: () => void = () => undefined;
        const taken = new Promise<void>((resolve) => (takeAway = resolve));
        const attempted = await on.attempt({
          after: (point, host, run) => {
            if (there !== '' && existsSync(aside) && point.startsWith('LIST checkpoints')) looks++;
            if (point !== POINT || there !== '') return;
            there = join(bucketFolder(on.world), 'runs', run);
            renameSync(there, aside);
            on.world.signal(host, 'SIGKILL');
            takeAway();
          },
          meanwhile: async (_run, ended) => {
            const over = new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve()));
            await Promise.race([taken, over]);
            if (there === '') return;
            const least = performance.now() + forMs;
            while (!ended.aborted && (performance.now() < least || looks === 0)) await pause(LOOK_EACH_MS);
            const written = existsSync(there) ? readdirSync(there, { recursive: true }).map(String) : [];
            if (written.some((path) => path.endsWith('.json')))
              problems.push(`the run wrote where it did not belong: ${written.join(', ')}`);
            rmSync(there, { recursive: true, force: true });
            renameSync(aside, there);
          },
          withinMs: forMs + 240_000,
          damages: true,
        });
        problems.push(...attempted.problems, ...missed(POINT, there !== ''));
        const sessions = attempted.result?.sessions ?? [];
        if (sessions.slice(1).some(({ from }) => from === null)) problems.push('a session began at the beginning');
        if (looks === 0) problems.push('nobody looked while there was nothing');
        const what = `SIGKILL, and nothing there for ${forMs / 1000} s, ${looks} looks`;
        return { ...attempted, problems, what, faults: there === '' ? 0 : 1 };
      },
    };
  },
};
