import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cachedProblem, cacheRoot, installPart, sweepAbandonedWork } from '../../infra/parts/cache.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'temper-cache-'));
  vi.stubEnv('TEMPER_CACHE', root);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const writing =
  (text: string) =>
  ({ part }: { part: string }) => {
    mkdirSync(join(part, 'lib'));
    writeFileSync(join(part, 'lib', 'file'), text);
    return Promise.resolve();
  };

test('a part appears whole, and nothing else stays behind', async () => {
  await installPart(join(root, 'part-1'), writing('right'));
  expect(cachedProblem(join(root, 'part-1'))).toBeUndefined();
  expect(readdirSync(root)).toEqual(['part-1']);
});

test('a part whose making fails does not appear at all', async () => {
  await expect(installPart(join(root, 'part-1'), () => Promise.reject(new Error('no network')))).rejects.toThrow(
    'no network',
  );
  expect(readdirSync(root)).toEqual([]);
});

test('the loser of a race takes the part that is already there', async () => {
  await installPart(join(root, 'part-1'), async (place) => {
    await installPart(join(root, 'part-1'), writing('first'));
    await writing('later')(place);
  });
  expect(readFileSync(join(root, 'part-1', 'lib', 'file'), 'utf8')).toBe('first');
  expect(readdirSync(root)).toEqual(['part-1']);
});

test('a part that lost a file, or whose file was cut, is not usable and is made again', async () => {
  const folder = join(root, 'part-1');
  await installPart(folder, writing('right'));
  writeFileSync(join(folder, 'lib', 'file'), 'rig');
  expect(cachedProblem(folder)).toContain('another size');
  rmSync(join(folder, 'lib', 'file'));
  expect(cachedProblem(folder)).toContain('incomplete');
  await installPart(folder, writing('right'));
  expect(cachedProblem(folder)).toBeUndefined();
  expect(readdirSync(root)).toEqual(['part-1']);
});

test('the work of a dead set-up is swept away, that of a living one stays', () => {
  const host = hostname().replaceAll('.', '_');
  const dead = join(root, `.work-${host}.999999999.abc`);
  const alive = join(root, `.work-${host}.${process.pid}.abc`);
  const elsewhere = join(root, '.work-another-host.999999999.abc');
  for (const folder of [dead, alive, elsewhere]) mkdirSync(folder);
  sweepAbandonedWork(root);
  expect([dead, alive, elsewhere].map((folder) => existsSync(folder))).toEqual([false, true, true]);
});

test('the cache is TEMPER_CACHE, else below XDG_CACHE_HOME, else below the home folder', () => {
  expect(cacheRoot()).toBe(root);
  vi.stubEnv('TEMPER_CACHE', '');
  vi.stubEnv('XDG_CACHE_HOME', '/somewhere');
  expect(cacheRoot()).toBe('/somewhere/temper');
  vi.stubEnv('XDG_CACHE_HOME', 'relative');
  vi.stubEnv('HOME', '/home/ada');
  expect(cacheRoot()).toBe('/home/ada/.cache/temper');
});
