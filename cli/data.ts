import { Command } from 'commander';
import { dataPrepare } from './data-prepare.js';

const help = `
Examples:
  $ temper data prepare job.yaml        prepares what \`temper run job.yaml\` would train on, and tells what it is`;

export const data = (): Command =>
  new Command('data')
    .description('Prepare data, and see what they are')
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', help)
    .addCommand(dataPrepare().exitOverride());
