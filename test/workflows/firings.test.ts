import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firingsBefore } from '../../activities/control/look-up-firing.js';
import { permitted } from '../../activities/control/read-source.js';
import { localFiles } from '../../activities/source/local.js';
import { firingNamed } from '../../workflows/policies/firings.js';
import { jobOf } from '../data/job-of.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a firing names its schedule, its time and its run', () => {
  expect(firingNamed('a-b-2026-11-24T03:00:00Z')).toEqual({
    schedule: 'a-b',
    scheduledAt: '2026-11-24T03:00:00Z',
    run: 'a-b-2026-11-24T03-00-00Z',
  });
  expect(firingNamed('a-b-1a2b3c4d')).toBeNull();
});

test('the firings before one: by the record, or by the clock where it is not in the record yet', () => {
  const recent = ['a', 'b', 'c'].map((firing, i) => ({ firing, takenAtMs: i * 10 }));
  expect(firingsBefore(recent, { firing: 'c', startedAtMs: 0 })).toEqual(['b', 'a']);
  expect(firingsBefore(recent, { firing: 'a', startedAtMs: 99 })).toEqual([]);
  expect(firingsBefore(recent, { firing: 'd', startedAtMs: 15 })).toEqual(['b', 'a']);
});

test('a worker reads below the folders that it was given, and nowhere else, links or not', async () => {
  const root = temporaryFolder();
  for (const name of ['data', 'data-2', 'secret']) mkdirSync(join(root, name));
  for (const name of ['data/a.csv', 'data-2/a.csv', 'secret/a.csv']) writeFileSync(join(root, name), 'x');
  symlinkSync(join(root, 'secret', 'a.csv'), join(root, 'data', 'link.csv'));
  const folders = [join(root, 'data'), join(root, 'nowhere')];
  expect(await permitted(join(root, 'data/a.csv'), folders)).toMatch(/data\/a\.csv$/);
  expect(await permitted(join(root, 'secret/a.csv'), ['/'])).toMatch(/secret\/a\.csv$/);
  for (const path of ['data-2/a.csv', 'secret/a.csv', 'data/link.csv', 'data/../secret/a.csv'])
    await expect(permitted(join(root, path), folders), path).rejects.toThrow(/may not read .*TEMPER_DATA_FOLDERS/);
  await expect(permitted(join(root, 'data/a.csv'), [])).rejects.toThrow(/may not read/);
  await expect(permitted(join(root, 'data/b.csv'), folders)).rejects.toThrow(/there is no file .*b\.csv on /);
});

test.each(['labels.csv', '.'])('nor images elsewhere that a table or a link names: %s', async (source) => {
  const root = temporaryFolder();
  for (const name of ['data/cats', 'secret']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'secret/1.png'), 'x');
  writeFileSync(join(root, 'data/labels.csv'), 'image,label\n../secret/1.png,cat\n');
  symlinkSync(join(root, 'secret/1.png'), join(root, 'data/cats/1.png'));
  const packing = localFiles({
    job: jobOf({}, { task: 'image-classification' }),
    places: [join(root, 'data', source)],
    sourceName: source,
    scratch: join(root, 'scratch'),
    withBucket: () => Promise.reject(new Error('no S3 here')),
    permitted: (path) => permitted(path, [join(root, 'data')]),
  });
  await expect(packing).rejects.toThrow(/may not read .*1\.png/);
});
