import { Command } from 'commander';
import { dataInspect } from './data-inspect.js';
import { dataPrepare } from './data-prepare.js';

const help = `
Examples:
  $ temper data inspect tickets.csv     says what the data are and what looks wrong in them
  $ temper data prepare job.yaml        prepares what \`temper run job.yaml\` would train on, and tells what it is`;

export const data = (): Command =>
  new Command('data')
    .description('Prepare data, and see what they are')
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', help)
    .addCommand(dataInspect().exitOverride())
    .addCommand(dataPrepare().exitOverride());
