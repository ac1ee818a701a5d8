import { realpath } from 'node:fs/promises';
import { CliError, exitCode } from '../errors.js';
import { readCredentials } from './credentials.js';
import { stackFolder } from './folder.js';
import { acquireLock, askHolder, authorizationOf } from './lock.js';
import { identify } from './process-identity.js';
import { livingSupervisor, orphansOf, reclaim, waitUntilGone } from './reclaim.js';
import { readRecord, writeRecord } from './record.js';
import type { RecordedProcess } from './record.js';

export type DownResult =
  | { readonly kind: 'not-running'; readonly folder: string }
  | { readonly kind: 'stopped'; readonly folder: string; readonly pid: number }
  | { readonly kind: 'reclaimed'; readonly folder: string; readonly processes: readonly RecordedProcess[] };

export interface DownOptions {
  readonly folder: string;
  readonly now: boolean;
  /** The holder has agreed; it may take as long as its grace. */
  onStopping(pid: number, graceSeconds: number): void;
}

/** Asks the `up` of the folder to stop and waits until it is gone; without one, ends what a killed one left. */
export const shutDown = async ({ folder, now, onStopping }: DownOptions): Promise<DownResult> => {
  const root = await realpath(folder).catch(() => null);
  if (root === null) return { kind: 'not-running', folder };
  const paths = stackFolder(root);

  const lock = await acquireLock(root);
  if (lock) {
    // Held while we end what is left, so that no `up` opens the database meanwhile.
    try {
      const record = readRecord(paths.record);
      const unseen = livingSupervisor(record);
      if (unseen)
        throw new CliError(
          `The stack of ${root} (process ${unseen.pid}) cannot be reached from here: stop it in the container it was started in.`,
          exitCode.unreachable,
        );
      const orphans = orphansOf(root, record);
      if (orphans.length === 0) return { kind: 'not-running', folder: root };
      await reclaim(orphans);
      if (record) writeRecord(paths.record, { ...record, state: 'stopped', processes: [] });
      return { kind: 'reclaimed', folder: root, processes: orphans };
    } finally {
      await lock.release();
    }
  }

  const authorization = authorizationOf(await readCredentials(paths.credentials));
  const answer = await askHolder(root, { command: 'down', authorization, now });
  if (answer === null) return shutDown({ folder, now, onStopping }); // it went away between the two looks
  if (answer.error !== undefined || answer.pid === undefined)
    throw new CliError(
      `The stack of ${root} did not stop: ${answer.error ?? 'it gave no process'}.`,
      exitCode.unreachable,
    );
  const holder = identify('up', answer.pid);
  onStopping(answer.pid, answer.graceSeconds ?? 0);
  // Its grace, then Temporal's and S3's, then a margin.
  const limitMs = ((answer.graceSeconds ?? 0) + 60) * 1000;
  if (holder && !(await waitUntilGone([holder], limitMs)))
    throw new CliError(
      `The stack of ${root} (process ${answer.pid}) still runs after ${limitMs / 1000} s. \`temper down --now\` ends it at once.`,
      exitCode.runFailed,
    );
  return { kind: 'stopped', folder: root, pid: answer.pid };
};
