/** What a simulated run trains: each state is a function of the one before it, of its lineage and, where bits may differ, of the machine. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LocalShard } from '../../../storage/checkpoint/commit.js';
import { lineageAt, type Line } from '../../../storage/checkpoint/line.js';
import type { RunId, Sha256 } from '../../../workflows/contract.js';
import { tensorNames } from '../../faults/audit/record.js';
import { safetensors } from '../../storage/checkpoint/states.js';
import type { Disk } from './client.js';

export interface Course {
  readonly run: RunId;
  readonly steps: number;
  readonly keep: { readonly last: number; readonly steps: readonly number[] };
  readonly strict: boolean;
  /** A shard that is the same at every step: named again instead of uploaded. */
  readonly shares: boolean;
}

export const hash = (text: string): Sha256 => createHash('sha256').update(text).digest('hex') as Sha256;

/** Of a state: what its shards hold. */
export type State = string;

export const START: State = 'start';

export const nextState = (state: State, step: number, line: Line, machine = ''): State =>
  hash(`${state} ${step} ${lineageAt(line, step)} ${machine}`).slice(0, 12);

/** The state at a step of the line, on a machine like all others. */
export function stateAt(step: number, line: Line): State {
  let state = START;
  for (let at = 1; at <= step; at++) state = nextState(state, at, line);
  return state;
}

export const digestOfState = (state: State): Sha256 => hash(`state ${state}`);

/** The state as files on the worker's disk. */
export function snapshot(disk: Disk, folder: string, { shares }: Course, state: State): LocalShard[] {
  return [`weights ${state}`, ...(shares ? ['frozen so far'] : [])].map((content) => {
    const bytes = contentBytes(content);
    const path = join(folder, content);
    disk.set(path, bytes);
    return { path, sha256: digestOfBytes(content), bytes: bytes.byteLength, tensors: 1 };
  });
}

const files = new Map<string, { bytes: Buffer; sha256: Sha256 }>();
function file(content: string) {
  const known = files.get(content);
  if (known) return known;
  const bytes = safetensors(content, 1);
  const made = { bytes, sha256: createHash('sha256').update(bytes).digest('hex') as Sha256 };
  files.set(content, made);
  return made;
}
const contentBytes = (content: string) => file(content).bytes;
const digestOfBytes = (content: string) => file(content).sha256;

/** What was restored, read from the files themselves. */
export function stateOf(disk: Disk, paths: readonly string[]): State {
  const names = paths.flatMap((path) => tensorNames(disk.get(path) ?? Buffer.alloc(0)) ?? []);
  return names.find((name) => name.startsWith('weights '))?.slice('weights '.length) ?? 'nothing';
}
