import { Command } from 'commander';
import { resumeUpdate } from '../workflows/handlers.js';
import { ask } from './runs/control.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';

const help = `
It goes on from its newest checkpoint as soon as a device is free. A run that is not paused is left as it is.

Examples:
  $ temper resume glosses-1a2b3c4d
  $ temper watch glosses-1a2b3c4d`;

export const resume = (): Command =>
  new Command('resume')
    .description('Let a paused run go on')
    .addArgument(runArgument())
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((run: string, { json }: { json: boolean }) =>
      withRuns(async (client) => {
        await ask(client, run, resumeUpdate);
        console.log(
          json ? JSON.stringify({ run, paused: false }) : `${run} goes on. Follow it with: temper watch ${run}`,
        );
      }),
    );
