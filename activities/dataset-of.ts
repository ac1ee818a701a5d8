import { readFile } from 'node:fs/promises';
import { featuresManifestSchema, type FeaturesManifest } from '../data/features-manifest.js';
import { datasetManifestSchema, type DatasetManifest } from '../data/manifest.js';
import { fetchFile } from '../storage/content.js';
import { datasetFileKey, featuresShardKey, shardFileKey } from '../storage/layout.js';
import type { DatasetRef, FeaturesRef, ObjectKey, Sha256, StoredFile } from '../workflows/contract.js';
import type { ActivityDependencies } from './dependencies.js';

type Stores = Pick<ActivityDependencies, 'store' | 'cacheFolder'>;

/** Paths of the shards of each split, in their order. */
export interface ShardPaths {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

export const datasetOf = async (stores: Stores, dataset: DatasetRef, signal: AbortSignal): Promise<DatasetManifest> =>
  datasetManifestSchema.parse(await readJson(stores, dataset.manifest, signal));

export const fetchShards = (
  stores: Stores,
  dataset: DatasetRef,
  { format, files }: DatasetManifest,
  signal: AbortSignal,
): Promise<ShardPaths> => {
  // Data that were prepared before 0.4 have shards of their own.
  const keyOf = ({ name, sha256 }: Listed) =>
    format === 'temper-dataset/2' ? datasetFileKey(dataset.digest, name) : shardFileKey(sha256 as Sha256);
  return fetchAll(stores, files, keyOf, signal);
};

/** `files`: as the manifest lists them; left out: it is read. @throws StoreError `corrupt` or `missing` for what is damaged. */
export async function fetchFeatures(
  stores: Stores,
  features: FeaturesRef,
  signal: AbortSignal,
  files?: FeaturesManifest['files'],
): Promise<ShardPaths> {
  const listed = files ?? featuresManifestSchema.parse(await readJson(stores, features.manifest, signal)).files;
  const keyOf = ({ sha256 }: Listed, index: number) => featuresShardKey(features.digest, index, sha256 as Sha256);
  return fetchAll(stores, listed, keyOf, signal);
}

interface Listed {
  readonly name: string;
  readonly split: keyof ShardPaths;
  readonly sha256: string;
  readonly bytes: number;
}

async function fetchAll(
  { store, cacheFolder }: Stores,
  files: readonly Listed[],
  keyOf: (file: Listed, index: number) => ObjectKey,
  signal: AbortSignal,
): Promise<ShardPaths> {
  const paths = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  for (const [index, file] of files.entries()) {
    const stored = { key: keyOf(file, index), sha256: file.sha256 as Sha256, bytes: file.bytes };
    paths[file.split].push(await fetchFile(store, stored, cacheFolder, { signal }));
  }
  return paths;
}

async function readJson({ store, cacheFolder }: Stores, file: StoredFile, signal: AbortSignal): Promise<unknown> {
  return JSON.parse(await readFile(await fetchFile(store, file, cacheFolder, { signal }), 'utf8'));
}
