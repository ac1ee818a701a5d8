import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CliError, exitCode } from '../errors.js';
import { chosenFolder, stackFolder } from './folder.js';
import { bootId, isAlive } from './process-identity.js';
import { readRecord } from './record.js';
import type { StackRecord } from './record.js';

export interface FoundStack {
  readonly root: string;
  readonly record: StackRecord;
}

/** The folder's record, of TEMPER_HOME or else of the nearest `.temper` at or above `cwd`; null: there never was one. */
export const findStack = (env: NodeJS.ProcessEnv, cwd: string): FoundStack | null => {
  const home = env['TEMPER_HOME'];
  if (home) return read(resolve(cwd, home));
  for (let at = resolve(cwd); ; at = dirname(at)) {
    const found = read(join(at, '.temper'));
    if (found || at === dirname(at)) return found;
  }
};

/** Of the stack to stop: the folder that is named or is here, else the one that the other commands use from here. */
export const folderToStop = (named: string | undefined, env: NodeJS.ProcessEnv, cwd: string): string => {
  const chosen = chosenFolder(named, env, cwd);
  if (named !== undefined || env['TEMPER_HOME'] || existsSync(chosen)) return chosen;
  return findStack(env, cwd)?.root ?? chosen;
};

const read = (root: string): FoundStack | null => {
  const { record: path } = stackFolder(root);
  if (!existsSync(path)) return null;
  const record = readRecord(path);
  if (record) return { root, record };
  throw new CliError(
    `${path} cannot be read as the record of a stack. Run \`temper up\` there again; it writes a new one.`,
  );
};

/** Refuses a stack that is not there any more, so that nobody waits for a time-out to learn it. */
export const requireRunning = ({ root, record }: FoundStack): void => {
  if (
    record.bootId === bootId() &&
    [record.supervisor, ...record.processes].some(isAlive) &&
    record.state !== 'stopped'
  )
    return;
  const how = record.state === 'stopped' ? 'was stopped' : 'has died';
  throw new CliError(
    `The stack of ${root} ${how}: start it again with \`temper up\`, and its runs go on.`,
    exitCode.unreachable,
  );
};
