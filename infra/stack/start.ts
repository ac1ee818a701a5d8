import { access } from 'node:fs/promises';
import { CliError } from '../errors.js';
import { prepareFolder, stackFolder } from './folder.js';
import { acquireLock, askHolder } from './lock.js';
import type { StackLock } from './lock.js';
import { livingSupervisor } from './reclaim.js';
import { readRecord } from './record.js';
import { runStack } from './run-stack.js';
import type { Stack, StackOptions } from './stack.js';

/**
 * The embedded stack: Temporal's dev server over an SQLite file, versitygw over a folder, and the workers.
 *
 *   lock the folder -> choose ports -> end what a killed stack left -> start both servers -> ready -> start workers
 *
 * Every child is recorded as it starts. What dies is started again on the same port, so that clients reconnect.
 */
const lockFolder = async (root: string): Promise<StackLock> => {
  const lock = await acquireLock(root);
  if (lock) {
    const unseen = livingSupervisor(readRecord(stackFolder(root).record));
    if (unseen === null) return lock;
    await lock.release();
    throw alreadyRuns(root, unseen.pid);
  }
  const holder = await askHolder(root, { command: 'status' }).catch(() => null);
  throw alreadyRuns(root, holder?.pid);
};

const alreadyRuns = (root: string, pid: number | undefined): CliError =>
  new CliError(
    `A stack already runs in ${root}${pid === undefined ? '' : ` (process ${pid})`}: use it, stop it with \`temper down\`, or start another one with --folder.`,
  );

const requireBinary = async (what: string, path: string): Promise<void> => {
  await access(path).catch(() => {
    throw new CliError(
      `${what} is not at ${path}. Run \`npm run setup\`; \`temper doctor\` says what else is missing.`,
    );
  });
};

export const startStack = async (options: StackOptions): Promise<Stack> => {
  await requireBinary('The Temporal CLI', options.binaries.temporal);
  await requireBinary('The S3 server versitygw', options.binaries.versitygw);
  const folder = await prepareFolder(options.folder);
  const lock = await lockFolder(folder.root);
  try {
    return await runStack(folder, lock, options);
  } catch (error) {
    await lock.release();
    throw error;
  }
};
