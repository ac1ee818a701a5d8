import { expect, test } from 'vitest';
import { datasetManifestSchema, type FeaturesManifest } from '../../data/manifest.js';
import { memorySource } from '../../data/byte-source.js';
import { prepared } from '../support/prepared.js';
import { jobOf } from './job-of.js';

const table = `n,label\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2 ? 'a' : 'b'}\n`).join('')}3,a\n`;
const clean = { dropDuplicates: true, outliers: { method: 'iqr' } };
const job = jobOf({ clean }, { task: 'tabular-classification', model: 'mlp' });
const source = memorySource('a.csv', table);

test('a manifest says by which settings rows were cleaned, and of which files they are', async () => {
  const sourceFiles = [{ sha256: 'b'.repeat(64), bytes: table.length, format: 'csv' }];
  const { manifest } = await prepared<FeaturesManifest>({ source, job, sourceFiles });
  expect(manifest.provenance).toMatchObject({
    cut: { files: sourceFiles },
    clean: {
      dropped: { duplicate: 1 },
      settings: { dropDuplicates: true, dropEmpty: true, outliers: { method: 'iqr', action: 'clip' } },
    },
  });
});

test('one that says neither is read as before', async () => {
  const { manifest } = await prepared<FeaturesManifest>({ source, job });
  expect(manifest.provenance!.cut).not.toHaveProperty('files');
  const { settings: _, ...clean } = manifest.provenance!.clean;
  const older = { ...manifest, provenance: { ...manifest.provenance, clean } };
  expect(datasetManifestSchema.parse(older)).toEqual(older);
});
