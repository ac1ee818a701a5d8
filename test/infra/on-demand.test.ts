import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { provide } from '../../infra/parts/on-demand.mjs';
import type { Part } from '../../infra/parts/part.mjs';
import { parts } from '../../infra/parts.mjs';
import { emoji } from '../../infra/parts/emoji.mjs';
import { temporalTestServer } from '../../infra/parts/temporal-test-server.mjs';
import { vegaDatasets } from '../../infra/parts/vega-datasets.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'temper-on-demand-'));
  vi.stubEnv('TEMPER_CACHE', root);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const partThat = (make: Part['make']): Part => ({
  name: 'a part',
  version: '1.0',
  folder: 'part-1',
  payload: 'file',
  needs: [],
  downloadBytes: 3e6,
  ownProblem: () => undefined,
  make,
});

test('a part is fetched when it is first asked for, and never again', async () => {
  const make = vi.fn<Part['make']>(({ part }) => Promise.resolve(writeFileSync(join(part, 'file'), 'whole')));
  const [first, second] = [await provide(partThat(make)), await provide(partThat(make))];
  expect([first, second]).toEqual([join(root, 'part-1', 'file'), join(root, 'part-1', 'file')]);
  expect(readFileSync(first, 'utf8')).toBe('whole');
  expect(make).toHaveBeenCalledTimes(1);
  expect(process.stderr.write).toHaveBeenCalledTimes(1);
  expect(process.stderr.write).toHaveBeenCalledWith('Fetching a part 1.0 (3 MB)...\n');
});

test('a part that was damaged is fetched again', async () => {
  const make: Part['make'] = ({ part }) => Promise.resolve(writeFileSync(join(part, 'file'), 'whole'));
  const path = await provide(partThat(make));
  writeFileSync(path, 'torn, and longer');
  expect(readFileSync(await provide(partThat(make)), 'utf8')).toBe('whole');
});

test('what cannot be fetched is an error, and leaves nothing behind', async () => {
  await expect(provide(partThat(() => Promise.reject(new Error('no network'))))).rejects.toThrow('no network');
  expect(readdirSync(root)).toEqual([]);
});

test('the set-up fetches no data of an example, and nothing of a single test', () => {
  const setUp = Object.values(parts).map(({ folder }) => folder);
  for (const { folder } of [emoji.google, emoji.twitter, vegaDatasets, temporalTestServer])
    expect(setUp).not.toContain(folder);
});
