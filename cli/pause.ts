import { Command } from 'commander';
import type { CheckpointRef } from '../workflows/contract.js';
import { pauseUpdate } from '../workflows/handlers.js';
import { ask } from './runs/control.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';

const help = `
The run ends its current step, stores a checkpoint and gives its device back. The command returns when that is done:
while the store is away the run says "pausing", and so does the command. Ctrl-C does not take the request back.

Examples:
  $ temper pause glosses-1a2b3c4d
  $ temper resume glosses-1a2b3c4d      it goes on from there, to the same weights`;

export const describePaused = (run: string, ref: CheckpointRef | null): string =>
  ref
    ? `${run} is paused at step ${ref.step}; checkpoint ${ref.sequence} is durable and the device is free.`
    : `${run} is paused before its first checkpoint: nothing was trained yet.`;

export const pause = (): Command =>
  new Command('pause')
    .description('Stop a run after its current step, until `temper resume`')
    .addArgument(runArgument())
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((run: string, { json }: { json: boolean }) =>
      withRuns(async (client) => {
        const checkpoint = await ask(client, run, pauseUpdate);
        console.log(json ? JSON.stringify({ run, paused: true, checkpoint }) : describePaused(run, checkpoint));
      }),
    );
