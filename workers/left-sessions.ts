/**
 * What a worker that died leaves of its sessions. Each one has a note in its work folder, so that the next worker that starts on
 * this host can tell Temporal at once what else takes as long as a heartbeat's time-out.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import { ActivityNotFoundError, AsyncCompletionClient, type ConnectionLike } from '@temporalio/client';
import { z } from 'zod';
import type { TrainProgress } from '../workflows/contract.js';
import { failureType } from '../workflows/policies/failures.js';

const notesIn = (workFolder: string): string => join(workFolder, 'sessions');

const noteSchema = z.object({ taskToken: z.base64(), progress: z.unknown() });

/** A session as the worker that is gone last told of it. */
export interface LeftSession {
  readonly session: string;
  readonly pid: number;
  /** By which Temporal knows its openSession. */
  readonly taskToken: Uint8Array;
  readonly progress: unknown;
  /** Since it was noted last, as it was at each heartbeat. */
  readonly silentMs: number;
}

export interface SessionNote {
  /** What its heartbeat says from now on. */
  tell(progress: TrainProgress | null): void;
  /** It has ended. */
  remove(): Promise<void>;
}

/** Keeps a note of a session for as long as it lives. Where none can be written, its worker's death is found by its heartbeat. */
export function noteSession(
  workFolder: string,
  session: string,
  taskToken: Uint8Array,
  say: (sentence: string) => void,
): SessionNote {
  const folder = notesIn(workFolder);
  const path = join(folder, `${session}.json`);
  const token = Buffer.from(taskToken).toString('base64');
  let writing: Promise<void> = mkdir(folder, { recursive: true }).then(() => undefined);
  let failed = false;
  const fail = (error: unknown) => {
    if (!failed) say(`no note of session ${session}: ${(error as Error).message}`);
    failed = true;
  };
  const write = async (progress: TrainProgress | null) => {
    await writeFile(`${path}.part`, JSON.stringify({ taskToken: token, progress }), { mode: 0o600 });
    await rename(`${path}.part`, path);
  };
  return {
    tell: (progress) => {
      writing = writing.then(() => write(progress)).catch(fail);
    },
    remove: async () => {
      await writing;
      await rm(path, { force: true }).catch(fail);
    },
  };
}

/** The sessions that a process held when it died, by its work folder. */
export async function sessionsLeftIn(workFolder: string, pid: number): Promise<LeftSession[]> {
  const folder = notesIn(workFolder);
  const names = await readdir(folder).catch(unlessGone<string[]>([]));
  const left: LeftSession[] = [];
  const nowMs = await touched(join(folder, 'now'));
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const note = noteSchema.safeParse(jsonOf(await readFile(join(folder, name), 'utf8').catch(unlessGone(''))));
    if (!note.success) continue; // of before the host itself went down: its heartbeat was missed long ago
    const { taskToken, progress } = note.data;
    const notedMs = (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? nowMs;
    const silentMs = Math.max(0, Math.round((nowMs ?? 0) - (notedMs ?? 0)));
    const session = name.slice(0, -'.json'.length);
    left.push({ session, pid, taskToken: Buffer.from(taskToken, 'base64'), progress, silentMs });
  }
  return left;
}

/** Now, by the clock that files are dated by, which may not be this process's; null: nothing can be written there. */
const touched = async (path: string): Promise<number | null> => {
  try {
    await writeFile(path, '');
    return (await stat(path)).mtimeMs;
  } catch {
    return null;
  }
};

/** It held none, or another worker that starts was faster. */
const unlessGone =
  <Nothing>(nothing: Nothing) =>
  (error: NodeJS.ErrnoException): Nothing => {
    if (error.code === 'ENOENT') return nothing;
    throw error;
  };

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Tells Temporal of them, so that their runs go on elsewhere. */
export async function reportLeft(
  left: readonly LeftSession[],
  { connection, namespace }: { readonly connection: ConnectionLike; readonly namespace: string },
  say: (sentence: string) => void,
): Promise<void> {
  const client = new AsyncCompletionClient({ connection, namespace });
  for (const { session, pid, taskToken, progress, silentMs } of left) {
    const message = `its worker (pid ${pid}) died`;
    const over = `session ${session} is over: ${message}`;
    try {
      await client.fail(
        taskToken,
        ApplicationFailure.create({ type: failureType.workerDied, message, details: [progress, { silentMs }] }),
      );
      say(over);
    } catch (error) {
      const known = error instanceof ActivityNotFoundError;
      say(`${over}, ${known ? 'as Temporal knows' : `which its heartbeat will tell: ${(error as Error).message}`}`);
    }
  }
}
