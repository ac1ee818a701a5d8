import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * `stack.json`: which processes make up the stack, and where they listen. Written whenever either changes, so that
 * a later `up` finds what a killed one left, and the other commands find the servers.
 */
const processSchema = z.object({
  name: z.string(),
  pid: z.int().positive(),
  /** Field 22 of /proc/<pid>/stat: a pid is used again, a pid with its start time is not. */
  startTime: z.string(),
});

const recordSchema = z.object({
  version: z.literal(1),
  state: z.enum(['starting', 'running', 'stopping', 'stopped']),
  folder: z.string(),
  /** Start times count from the boot: of another boot, no recorded process lives. */
  bootId: z.string(),
  supervisor: processSchema,
  startedAt: z.string(),
  ports: z.object({ temporal: z.int(), ui: z.int(), s3: z.int() }),
  namespace: z.string(),
  bucket: z.string(),
  region: z.string(),
  processes: z.array(processSchema),
});

export type RecordedProcess = z.infer<typeof processSchema>;
export type StackRecord = z.infer<typeof recordSchema>;

/** Written in one turn of the event loop, just after a child was spawned: the moment in which it is unknown stays short. */
export const writeRecord = (path: string, record: StackRecord): void => {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
};

/** Null when there is none or it is not ours to understand. */
export const readRecord = (path: string): StackRecord | null => {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
};

export const addressOf = (record: StackRecord): string => `127.0.0.1:${record.ports.temporal}`;
export const uiUrlOf = (record: StackRecord): string => `http://127.0.0.1:${record.ports.ui}`;
export const endpointOf = (record: StackRecord): string => `http://127.0.0.1:${record.ports.s3}`;
