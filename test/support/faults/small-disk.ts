/**
 * A disk that can be made full: a tmpfs of some MiB where mounting is allowed, else an injected ENOSPC (disk-preload.mjs). The
 * results say which.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SmallDisk {
  readonly kind: 'a tmpfs' | 'an injected ENOSPC';
  /** For the worker whose disk it is. */
  readonly env: Readonly<Record<string, string>>;
  /** What must be loaded into that worker first; null: nothing. */
  readonly preload: string | null;
  fill(): void;
  empty(): void;
  remove(): void;
}

const MIB = 1024 * 1024;

export function smallDisk(folder: string, control: string, mib: number): SmallDisk {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'temper-faults', folder]).status === 0;
  if (!mounted) return injected(control);
  const ballast = join(folder, 'ballast');
  return {
    kind: 'a tmpfs',
    env: {},
    preload: null,
    fill: () => {
      for (let bytes = mib * MIB; bytes >= 4096; bytes >>= 1) fillWith(ballast, bytes);
    },
    empty: () => rmSync(ballast, { force: true }),
    remove: () => void spawnSync('umount', ['--lazy', folder]),
  };
}

/** What of it fits; what does not is tried again in smaller pieces. */
function fillWith(path: string, bytes: number): void {
  try {
    for (;;) writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function injected(flag: string): SmallDisk {
  return {
    kind: 'an injected ENOSPC',
    env: { TEMPER_FAULT_DISK: flag },
    preload: 'disk-preload.mjs',
    fill: () => writeFileSync(flag, ''),
    empty: () => rmSync(flag, { force: true }),
    remove: () => undefined,
  };
}
