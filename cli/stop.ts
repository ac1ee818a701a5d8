import { Command } from 'commander';
import { stopUpdate } from '../workflows/handlers.js';
import { exitCode } from '../infra/errors.js';
import { ask } from './runs/control.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';
import { follow } from './watch.js';

const help = `
Training ends after the current step; the best checkpoint so far is tested and published. A paused run is stopped too.
To throw a run away instead: temper cancel.

Examples:
  $ temper stop glosses-1a2b3c4d
  $ temper stop glosses-1a2b3c4d --wait         until the model is published; exit 1 when that failed`;

export const stop = (): Command =>
  new Command('stop')
    .description('End training now and keep the best model')
    .addArgument(runArgument())
    .option('--wait', 'follow the run until its model is published', false)
    .option('--json', 'one JSON object; with --wait one a line', false)
    .addHelpText('after', help)
    .action((run: string, { wait, json }: { wait: boolean; json: boolean }) =>
      withRuns(async (client) => {
        await ask(client, run, stopUpdate);
        if (wait) {
          const { state } = await follow(client, run, { json });
          if (state !== 'done') process.exitCode = exitCode.runFailed;
          return;
        }
        const said = `${run} stops training; its best model is tested and published next. Follow it with: temper watch ${run}`;
        console.log(json ? JSON.stringify({ run, stopping: true }) : said);
      }),
    );
