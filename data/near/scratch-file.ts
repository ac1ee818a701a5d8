import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file for what does not fit into memory. It has no name once it is open: whatever ends the process, nothing of it stays. */
export function scratchFile(): { readonly descriptor: number; close(): void } {
  const path = join(tmpdir(), `temper-scratch-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return { descriptor, close: () => closeSync(descriptor) };
}
