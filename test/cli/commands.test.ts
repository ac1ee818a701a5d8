import { Help } from 'commander';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandsFor, listedCommands, nameOf } from '../../cli/commands.js';

test('the help lists every command as it describes itself', async () => {
  for (const { usage, description, load } of listedCommands) {
    const command = await load();
    expect([new Help().subcommandTerm(command), command.description()]).toEqual([usage, description]);
    expect(description).not.toBe('');
  }
});

test('the command that is called is loaded, and the one whose help is asked for; no other', async () => {
  for (const args of [
    ['run', 'job.yaml'],
    ['help', 'run'],
    ['run', '--help'],
  ])
    expect((await commandsFor(args)).filter(({ options }) => options.length > 0).map((each) => each.name())).toEqual([
      'run',
    ]);
  expect((await commandsFor(['--help'])).filter(({ options }) => options.length > 0)).toEqual([]);
});

test('every command that takes a run refuses what cannot be one', async () => {
  for (const { load } of listedCommands) {
    const command = await load();
    if (command.registeredArguments[0]?.name() !== 'run') continue;
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    const options = command.name() === 'export' ? ['--to', 'x'] : [];
    await expect(command.parseAsync(['../etc', ...options], { from: 'user' }), command.name()).rejects.toThrow(
      'Expected a run id',
    );
  }
});

test('docs/cli.md tells of every command', () => {
  const page = readFileSync('docs/cli.md', 'utf8');
  for (const one of listedCommands) expect(page, nameOf(one)).toMatch(new RegExp(`^\\|.*\`${nameOf(one)}[ \`]`, 'm'));
});
