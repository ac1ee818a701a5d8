/**
 * Where everything lies in the bucket. Keys are made here and nowhere else.
 *
 *     models/<model>/<sha256>.<ext>                           base models: immutable, shared by all runs
 *     sources/<sha256>.<ext>                                  the user's files as they were at submission
 *     datasets/<digest>/manifest.json                         prepared data, found by what it was made from
 *     datasets/shards/<sha256>.arrow                          the shards that manifests name
 *     datasets/parts/<digest>/<file>                          what a stage has made, of a part or of all, found likewise
 *     datasets/plans/<sha256>.json                            the parts of a source, for the workers of one preparation
 *     features/<digest>/<file>                                what a frozen base makes of a data set, found likewise
 *     runs/<run>/shards/<step>-<nonce>/<sha256>.safetensors   state; one folder for each attempt to upload
 *     runs/<run>/shards/<step>-<nonce>/condemned.json         fence: nobody may commit this folder any more
 *     runs/<run>/checkpoints/<20-digit sequence>.json         manifest, tombstone or quarantine record
 *     runs/<run>/quarantine/<20-digit sequence>-<sha256>      damaged manifests, as they were found
 *     runs/<run>/pins/<name>.json                             who else needs which checkpoint
 *     runs/<run>/poison/<step>/bundle.json                    what a step is a function of that kills its engine
 *     runs/<run>/report/<file>   runs/<run>/model/<file>      what the run is for
 */
import type { ObjectKey, RunId, Sha256 } from '../workflows/contract.js';

/** One path segment: no slash, no leading dot, nothing that a store or a file system treats in its own way. */
const segment = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

function safe(part: string): string {
  if (!segment.test(part))
    throw new RangeError(
      `"${part}" cannot be part of a key: expected at most 200 letters, digits, dots, dashes and underscores`,
    );
  return part;
}

const key = (...parts: readonly string[]): ObjectKey => parts.map(safe).join('/') as ObjectKey;

export const sequenceDigits = 20;
const padded = (sequence: number): string => String(sequence).padStart(sequenceDigits, '0');

export const modelFileKey = (model: string, sha256: Sha256, extension: string) =>
  key('models', model, `${sha256}.${extension}`);
export const sourceKey = (sha256: Sha256, extension: string) => key('sources', `${sha256}.${extension}`);
export const datasetFileKey = (digest: Sha256, file: string) => key('datasets', digest, file);
export const shardFileKey = (sha256: Sha256) => key('datasets', 'shards', `${sha256}.arrow`);
export const dataPlanKey = (sha256: Sha256) => key('datasets', 'plans', `${sha256}.json`);
/** `digest`: of what the stage has made its files from. */
export const stageFileKey = (digest: Sha256, file: string) => key('datasets', 'parts', digest, file);
export const featuresFileKey = (digest: Sha256, file: string) => key('features', digest, file);
/** `index`: the place of the data shard among the files of its manifest. */
export const featuresShardKey = (digest: Sha256, index: number, sha256: Sha256) =>
  featuresFileKey(digest, `${String(index).padStart(5, '0')}-${safe(sha256)}.arrow`);
export const reportKey = (run: RunId, file: string) => key('runs', run, 'report', file);
export const publishedModelKey = (run: RunId, file: string) => key('runs', run, 'model', file);

export const poisonFolder = (run: RunId) => `${key('runs', run, 'poison')}/`;
export const poisonKey = (run: RunId, step: number, file: string) => key('runs', run, 'poison', String(step), file);

export const runFolder = (run: RunId) => `${key('runs', run)}/`;
export const checkpointsFolder = (run: RunId) => `${key('runs', run, 'checkpoints')}/`;
export const checkpointKey = (run: RunId, sequence: number) =>
  key('runs', run, 'checkpoints', `${padded(sequence)}.json`);
export const quarantineKey = (run: RunId, sequence: number, sha256: Sha256) =>
  key('runs', run, 'quarantine', `${padded(sequence)}-${sha256}`);
export const pinsFolder = (run: RunId) => `${key('runs', run, 'pins')}/`;
export const pinKey = (run: RunId, name: string) => key('runs', run, 'pins', `${name}.json`);

export const shardsFolder = (run: RunId) => `${key('runs', run, 'shards')}/`;
/** Ends with a slash. `nonce` is fresh for every attempt to upload. */
export const shardFolder = (run: RunId, step: number, nonce: string) =>
  `${key('runs', run, 'shards', `${step}-${nonce}`)}/`;
export const shardKey = (folder: string, sha256: Sha256) => `${folder}${safe(sha256)}.safetensors` as ObjectKey;
export const condemnedKey = (folder: string) => `${folder}condemned.json` as ObjectKey;

/** The sequence number that a key of `checkpointsFolder` names, or null for a stranger's file. */
export function sequenceOf(checkpointKey: string): number | null {
  const digits = /\/checkpoints\/(\d{20})\.json$/.exec(checkpointKey)?.[1];
  const sequence = Number(digits);
  return digits !== undefined && Number.isSafeInteger(sequence) && sequence > 0 ? sequence : null;
}

/** Splits a key below `shardsFolder` into its folder, the folder's step and the file's name. */
export function shardPartsOf(shardKey: string): { folder: string; step: number; name: string } | null {
  const match = /^(.*\/shards\/(\d+)-[A-Za-z0-9._-]+\/)([^/]+)$/.exec(shardKey);
  const [, folder, step, name] = match ?? [];
  return folder !== undefined && step !== undefined && name !== undefined ? { folder, step: Number(step), name } : null;
}
