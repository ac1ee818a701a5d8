/** Refs: small JSON that names files, data, models and states. What they name lies on S3 or on one host's disk. */

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Lower-case hex of 64 characters. */
export type Sha256 = Branded<string, 'Sha256'>;
/** Key of an object in the bucket. */
export type ObjectKey = Branded<string, 'ObjectKey'>;
/** Id of a run: the workflow id, and the name of its folder on S3. */
export type RunId = Branded<string, 'RunId'>;

export interface StoredFile {
  readonly name: string;
  readonly key: ObjectKey;
  readonly sha256: Sha256;
  readonly bytes: number;
}

/** The user's file as it was when the run was submitted. */
export interface SourceRef {
  readonly name: string;
  /**
   * `images`: a folder of images, or a table of their paths, packed into one file (data/pack-images.ts). `files`: a list of
   * several files (data/file-list.ts); payloads stay small however many there are.
   */
  readonly format: 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet' | 'arrow' | 'text' | 'images' | 'files';
  readonly file: StoredFile;
}

/** A base model: the files of its folder, immutable and shared by all runs. */
export interface ModelRef {
  readonly name: string;
  /** Name of its family (models/families/). */
  readonly family: string;
  readonly files: readonly StoredFile[];
  readonly digest: Sha256;
}

/** Tokenised Arrow shards and their manifest (rows, labels, length histogram). */
export interface DatasetRef {
  readonly manifest: StoredFile;
  /** SHA-256 of (source, tokenizer, spec): the same input is prepared once. */
  readonly digest: Sha256;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  /** Classes or tags; 0 where the task has none. */
  readonly classes: number;
  readonly stepsPerEpoch: number;
}

/** Where in the training a state stands. `epoch` counts whole epochs done, `cursor` the batches done in the current one. */
export interface Position {
  readonly step: number;
  readonly epoch: number;
  readonly cursor: number;
}

/** A state on S3: usable anywhere, for ever. */
export interface CheckpointRef extends Position {
  readonly kind: 'checkpoint';
  readonly run: RunId;
  readonly sequence: number;
  readonly lineage: Sha256;
  readonly stateDigest: Sha256;
}

/** A state on one host's disk: valid only in the session that made it. */
export interface Snapshot extends Position {
  readonly kind: 'snapshot';
  readonly session: string;
  readonly folder: string;
  readonly bytes: number;
  readonly lineage: Sha256;
  readonly stateDigest: Sha256;
}

export type StateRef = CheckpointRef | Snapshot;

/** Which tensors train. Names are worked out again from the job, so that only counts and a digest cross Temporal. */
export interface FreezePlan {
  readonly trainableTensors: number;
  readonly frozenTensors: number;
  readonly trainableParameters: number;
  readonly frozenParameters: number;
  /** SHA-256 of the sorted trainable names, a newline each. */
  readonly digest: Sha256;
  /** Whether the base's outputs are computed once and kept, and if not, why. Absent in runs of before 0.2. */
  readonly features?: { readonly reuse: boolean; readonly because: string };
}

/** What a frozen base makes of every example, in Arrow shards beside the data set's. */
export interface FeaturesRef {
  readonly manifest: StoredFile;
  /** SHA-256 of (model, data, preprocessing, numerics): shared by all runs that would compute the same. */
  readonly digest: Sha256;
  readonly width: number;
  /** All that they are of, and those that were computed when this run asked for them: 0 when everything was there. */
  readonly rows?: number;
  readonly computedRows?: number;
}

/** What a run knows of the firing that started it. It travels in the run's input, so continue-as-new keeps it, and in its memo. */
export interface Firing {
  readonly schedule: string;
  /** The nominal time, ISO 8601 in UTC: without jitter and without the wait for a run before it. */
  readonly scheduledAt: string;
  /** The run of the firing before it; null of the first. */
  readonly follows: RunId | null;
}
