import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { collectGarbage, findGarbage, type Garbage } from '../storage/checkpoint/garbage.js';
import type { RunId } from '../workflows/contract.js';
import { counted, size } from './render/units.js';
import { endWhenReachable } from './runs/ending.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';
import { describeRun } from './runs/workflow-state.js';
import { withStore } from './services.js';

const help = `
Of a run that has ended: every checkpoint but the newest and those that its result names, and what dead uploads left. Of a run that
goes on: only the latter. What others pinned stays. --dry-run tells each key, its size and why, and deletes nothing.

Examples:
  $ temper checkpoints gc glosses-1a2b3c4d --dry-run
  $ temper checkpoints gc glosses-1a2b3c4d`;

export const gcCommand = (): Command =>
  new Command('gc')
    .description('Delete what nobody needs')
    .addArgument(runArgument())
    .option('--dry-run', 'only tell what would go', false)
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((run: string, { dryRun, json }: { dryRun: boolean; json: boolean }) =>
      withRuns(async (client) => {
        const collect = { run: run as RunId, ...(await whatIsKept(client, run)) };
        const { garbage, deletedObjects } = await withStore(async (store) => {
          const garbage = await findGarbage(store, collect);
          return { garbage, deletedObjects: dryRun ? 0 : (await collectGarbage(store, collect)).deletedObjects };
        });
        const { files, retired, kept } = garbage;
        if (json)
          console.log(JSON.stringify({ run, dryRun, ended: collect.ended, files, retired, kept, deletedObjects }));
        else console.log(renderGarbage(run, garbage, dryRun ? null : deletedObjects).join('\n'));
      }),
    );

async function whatIsKept(client: Client, run: string): Promise<{ ended: boolean; keepSteps: number[] }> {
  const { state } = await describeRun(client, run);
  if (state === 'running') return { ended: false, keepSteps: [] };
  const { result } = await endWhenReachable(client, run);
  return { ended: true, keepSteps: result ? [result.best.step, result.final.step] : [] };
}

/** `deleted`: null where nothing was to be. */
export function renderGarbage(run: string, { files, kept }: Garbage, deleted: number | null): string[] {
  const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  const total = `${counted(files.length, 'object')}, ${size(bytes)}`;
  const end = deleted === null ? `${total} would go.` : `Deleted ${counted(deleted, 'object')}, ${size(bytes)}.`;
  return [
    ...kept.map(({ sequence, step, why }) => `stays  checkpoint ${sequence} (step ${step}): ${why}`),
    ...files.map((each) => `goes   ${each.key} (${size(each.bytes)}): ${each.why}`),
    files.length === 0 ? `${run} has nothing that nobody needs.` : end,
  ];
}
