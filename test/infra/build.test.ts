import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importClosure } from '../../infra/build/import-closure.mjs';
import { changedSince, removeOrphanedOutputs } from '../../infra/build/inputs.mjs';

let root: string;

beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'temper-build-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text = ''): string => {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

test('a step runs again exactly when a byte of its inputs changes', () => {
  const input = write('input.ts', 'one');
  const stamp = join(root, 'stamp');
  changedSince(stamp, [input])?.write();
  write('input.ts', 'one');
  expect(changedSince(stamp, [input])).toBeUndefined();
  write('input.ts', 'two');
  expect(changedSince(stamp, [input])).toBeDefined();
  expect(changedSince(stamp, [input, write('another.ts')])).toBeDefined();
});

test('a bundle depends on what its entry imports, directly or not, and on nothing else', () => {
  const entry = write('workflows/index.js', "export * from './chain.js';\nimport { a } from '@temporalio/workflow';");
  const chain = write('workflows/chain.js', "import { b } from '../policies/best.js'; import './chain.js';");
  const best = write('policies/best.js');
  write('workflows/unrelated.js');
  expect(importClosure(entry).sort()).toEqual([best, chain, entry].sort());
});

test('the output of a source that is gone is removed, the others stay', () => {
  write('cli/main.ts');
  write('infra/setup.mjs');
  const kept = ['dist/cli/main.js', 'dist/cli/main.js.map', 'dist/infra/setup.mjs', 'dist/.tsbuildinfo'].map((path) =>
    write(path),
  );
  const gone = ['dist/cli/old.js', 'dist/cli/old.js.map'].map((path) => write(path));
  removeOrphanedOutputs(root);
  expect(kept.map((path) => existsSync(path))).toEqual([true, true, true, true]);
  expect(gone.map((path) => existsSync(path))).toEqual([false, false]);
});
