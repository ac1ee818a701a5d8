import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { inspectParts, partPaths, type PartKey } from '../../infra/parts.mjs';

afterEach(() => vi.unstubAllEnvs());

const inspected = (key: PartKey) => {
  const found = inspectParts().find((part) => part.key === key);
  if (found === undefined) throw new Error(`no part ${key}`);
  return found;
};

test('a part that is not there says so and what to run, and its path does not change once it is', () => {
  vi.stubEnv('TEMPER_CACHE', '/nowhere');
  vi.stubEnv('TEMPER_MINILM', '');
  expect(inspected('minilm')).toMatchObject({
    usable: false,
    problem: 'not fetched yet',
    remedy: 'Run `npm run setup`.',
  });
  expect(partPaths().minilm).toMatch(/^\/nowhere\/minilm-l6-[\d.]+-[0-9a-f]{12}$/);
});

test("a user's own executable is taken as it is", () => {
  vi.stubEnv('TEMPER_TEMPORAL_CLI', process.execPath);
  expect(partPaths().temporalCli).toBe(process.execPath);
  expect(inspected('temporalCli')).toMatchObject({
    usable: true,
    source: 'yours (TEMPER_TEMPORAL_CLI)',
    version: undefined,
  });
});

test("a user's own file that cannot be executed is refused", () => {
  const folder = mkdtempSync(join(tmpdir(), 'temper-own-'));
  writeFileSync(join(folder, 'temporal'), '', { mode: 0o644 });
  vi.stubEnv('TEMPER_TEMPORAL_CLI', join(folder, 'temporal'));
  expect(inspected('temporalCli')).toMatchObject({ usable: false, problem: `${folder}/temporal is not executable` });
  rmSync(folder, { recursive: true });
});

test("a user's own libtensorflow folder must hold the libraries and the headers", () => {
  vi.stubEnv('TEMPER_LIBTENSORFLOW', '/nowhere');
  expect(inspected('libtensorflow').problem).toBe(
    '/nowhere lacks libtensorflow_cc.so.2, libtensorflow_framework.so.2, include/tensorflow/c/c_api.h',
  );
});
