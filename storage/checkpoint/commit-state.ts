import type {
  Adjustment,
  CheckpointRef,
  Fork,
  Observation,
  Position,
  RunId,
  Sha256,
  StoredFile,
} from '../../workflows/contract.js';
import type { UntilReachable } from '../until-reachable.js';
import type { Line } from './line.js';
import { checkpointFormat, type Manifest, type Shard } from './manifest.js';
import type { LocalShard } from './shards.js';

export interface CommitCheckpoint extends UntilReachable {
  readonly run: RunId;
  readonly parent: CheckpointRef | null;
  readonly position: Position;
  /** Of this state. */
  readonly lineage: Sha256;
  /** What other states are of this run; left out: those of the same lineage. */
  readonly line?: Line | undefined;
  readonly stateDigest: Sha256;
  readonly shards: readonly LocalShard[];
  /** Files that the frozen tensors come from. */
  readonly base: readonly StoredFile[];
  readonly observations: readonly Observation[];
  /** Those that the state is a function of. */
  readonly adjustments?: readonly Adjustment[] | undefined;
  /** Of the first state of a fork. */
  readonly forkedFrom?: Fork['from'] | undefined;
  /** For people; in no digest. */
  readonly createdBy: { readonly fingerprint: string; readonly session: string };
  /** true: another digest at the same step is a defect and throws Diverged. */
  readonly strict: boolean;
  /** Ends the name of an upload's folder. Left out: chance; a simulation's are a function of its seed. */
  readonly nonce?: (() => string) | undefined;
}

/** Field by field: the order and the set of the fields are the format's. */
export function manifestOf(state: CommitCheckpoint, sequence: number, shards: readonly Shard[]): Manifest {
  const { run, position, lineage, stateDigest, parent, createdBy, adjustments = [], forkedFrom } = state;
  return {
    kind: 'manifest',
    format: checkpointFormat,
    run,
    sequence,
    step: position.step,
    epoch: position.epoch,
    cursor: position.cursor,
    lineage,
    stateDigest,
    parent: parent?.sequence ?? null,
    createdBy: { fingerprint: createdBy.fingerprint, session: createdBy.session },
    base: state.base.map(({ name, key, sha256, bytes }) => ({ name, key, sha256, bytes })),
    shards: [...shards],
    observations: state.observations.map(observationOf),
    ...(adjustments.length > 0 && {
      adjustments: adjustments.map(({ fromStep, changes }) => ({ fromStep, changes: { ...inOrder(changes) } })),
    }),
    ...(forkedFrom && {
      forkedFrom: {
        ...{ run: forkedFrom.run, sequence: forkedFrom.sequence, step: forkedFrom.step },
        ...{ lineage: forkedFrom.lineage, stateDigest: forkedFrom.stateDigest },
      },
    }),
  };
}

/** Metrics in the order of their names. */
function observationOf({ step, epoch, examples, loss, ...others }: Observation): Observation {
  return { step, epoch, examples, loss, ...inOrder(others) };
}

const inOrder = <Values extends object>(values: Values): Values =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))) as Values;
