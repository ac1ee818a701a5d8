import type { Engine } from '../engine/client.js';
import type { StateOnDisk } from '../engine/protocol.js';
import type { SettledTombstones } from '../storage/checkpoint/retention.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { CheckpointRef, SessionHost, Sha256, TrainedSegment, TrainProgress } from '../workflows/contract.js';

/** What every activity may use. Arrives through the factories; nothing here is global. */
export interface ActivityDependencies {
  readonly store: ObjectStore;
  /** Content-addressed local copies, shared by the processes of a host. */
  readonly cacheFolder: string;
  /** Newest states of runs, for the next session on this host (session/local-state.ts). */
  readonly statesFolder: string;
  /** For this process alone; emptied when it is gone. */
  readonly workFolder: string;
  /** What retention has seen deleted for good, so that it need not look again at every checkpoint. */
  readonly settled: SettledTombstones;
  /** Rows of a shard of prepared data, at most; null: the usual number. */
  readonly shardRows: number | null;
  /** Rows of a part of a source, at most; null: the usual size. */
  readonly partRows: number | null;
  /** Folders that a schedule's firings may read data from, besides S3. */
  readonly dataFolders: readonly string[];
  /** Another bucket of the same store, for the time of `use`. */
  readonly withBucket: <Result>(bucket: string, use: (store: ObjectStore) => Promise<Result>) => Promise<Result>;
}

export interface TrainingJob {
  /** Names all that its states are a function of; null: the state it begins at is not on the disk yet. */
  key: string | null;
  readonly result: Promise<TrainedSegment & { kind: 'trained' }>;
}

/** An engine with what its worker knows of its state. It may outlive a session whose server went away. */
export interface EngineDesk {
  readonly engine: Engine;
  /** The session that may use it; null between two sessions. */
  owner: string | null;
  /** What the engine has built a graph of: two states are of one graph only (state-input.ts). */
  loaded: string | null;
  /** Digest of the state in the engine's variables; null while it holds none. */
  holds: Sha256 | null;
  /** Snapshots on this host's disk that are not uploaded yet, by folder. */
  readonly snapshots: Map<string, StateOnDisk>;
  /** The newest training job that an activity asked for: a reissued trainEpoch of the same key attaches to it. */
  training: TrainingJob | null;
  /** What the engine went on with at the end of that job, before anybody asked (training-job.ts). */
  ahead: TrainingJob | null;
  /** The restore under way, settled either way: it may read a snapshot. */
  restoring: Promise<unknown>;
  /** The upload under way, settled either way: a shutdown commits after it, so that commits come in the order of their steps. */
  uploading: Promise<unknown>;
  /** The snapshot that was uploaded last, which is not on the disk any more. */
  uploaded: { readonly folder: string; readonly ref: CheckpointRef } | null;
  progress: TrainProgress | null;
}

/** One device session: what its activities share. */
export interface SessionDesk extends ActivityDependencies {
  readonly host: SessionHost;
  readonly desk: EngineDesk;
  /** The worker is shutting down: commit and go. */
  draining: boolean;
  /** The workflow asked training to stop after the current step. */
  interruptRequested: boolean;
  /** Ends openSession. */
  readonly close: () => void;
}
