/** The `temper` command. Each command is a file of its own. */
import { Command, CommanderError } from 'commander';
import { endWithReader } from './broken-pipe.js';
import { CliError, exitCode } from '../infra/errors.js';
import { commandsFor, usageOf } from './commands.js';

const program = new Command('temper')
  .description('Durable fine-tuning of pre-trained models: kill anything at any moment, the weights stay the same.')
  .version('0.4.0')
  .showHelpAfterError('(`--help` tells what it takes)')
  .configureHelp({ sortSubcommands: false, subcommandTerm: (command) => usageOf(command.name()) })
  .exitOverride();
for (const command of await commandsFor(process.argv.slice(2))) program.addCommand(command.exitOverride());

endWithReader(process.stdout, (code) => process.exit(code));
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = codeOf(error);
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.badRequest; // it has spoken
  if (error instanceof CliError) {
    console.error(`temper: ${error.message}`);
    return error.code;
  }
  console.error(error);
  return exitCode.runFailed;
}
