import { Command, InvalidArgumentError } from 'commander';
import { describeShape, shapesAt } from '../job/schema-shape.js';
import type { JobChanges } from '../workflows/contract.js';
import { adjustUpdate } from '../workflows/handlers.js';
import { CliError } from '../infra/errors.js';
import { adjustmentText } from './render/adjustments.js';
import { askWith } from './runs/control.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';

const help = `
Learning rate, patience and the checkpoint interval change at the step that the run has reached; epochs and batch size when the
next epoch begins, and the schedule then counts the steps of the new total. The command answers with these steps, once they are in
the run's history: from then on they hold whatever dies, also in steps that are done again.

Examples:
  $ temper adjust glosses-1a2b3c4d --learning-rate 5e-5
  $ temper adjust glosses-1a2b3c4d --epochs 5 --patience 3
  $ temper adjust glosses-1a2b3c4d --batch-size 64 --checkpoint-minutes 2`;

/** A number within the limits of the job file's own key. */
const within =
  (...path: string[]) =>
  (text: string): number => {
    const shape = shapesAt(path)[0]!;
    const value = text.trim() === '' ? NaN : Number(text);
    const {
      minimum = -Infinity,
      maximum = Infinity,
      exclusiveMinimum = -Infinity,
      exclusiveMaximum = Infinity,
    } = shape;
    const whole = shape.type !== 'integer' || Number.isInteger(value);
    if (whole && value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum)
      return value;
    throw new InvalidArgumentError(`Expected ${describeShape(shape)} (${path.join('.')}).`);
  };

interface Options extends JobChanges {
  readonly json: boolean;
}

export const adjust = (): Command =>
  new Command('adjust')
    .description("Change a running run's learning rate, epochs, patience, batch size or checkpoint interval")
    .addArgument(runArgument())
    .option('--learning-rate <rate>', 'peak of the schedule', within('train', 'learningRate'))
    .option('--epochs <n>', 'epochs in all', within('train', 'epochs'))
    .option('--patience <n>', 'epochs without an improvement', within('train', 'stopEarly', 'patience'))
    .option('--batch-size <n>', 'examples a batch', within('train', 'batchSize'))
    .option('--checkpoint-minutes <n>', 'a checkpoint after so many minutes', within('checkpoint', 'everyMinutes'))
    .option('--checkpoint-steps <n>', 'a checkpoint each so many steps', within('checkpoint', 'everySteps'))
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((run: string, { json, ...changes }: Options) =>
      withRuns(async (client) => {
        if (Object.keys(changes).length === 0) {
          throw new CliError('Nothing to change was named: `temper adjust --help` tells what can be.');
        }
        const adjustments = await askWith(client, run, adjustUpdate, changes as JobChanges);
        if (json) console.log(JSON.stringify({ run, adjustments }));
        else for (const each of adjustments) console.log(`${run}, ${adjustmentText(each)}`);
      }),
    );
