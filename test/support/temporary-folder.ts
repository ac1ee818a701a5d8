import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const makeTemporaryFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'temper-test-')));

export const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 });

/** Removed when the test has finished. */
export const temporaryFolder = (): string => {
  const path = makeTemporaryFolder();
  onTestFinished(() => removeFolder(path));
  return path;
};
