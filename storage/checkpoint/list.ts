import type { Observation, RunId, Sha256 } from '../../workflows/contract.js';
import { eachOf } from '../each-of.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import type { Manifest } from './manifest.js';
import { listPins } from './pins.js';
import { listRecords, readRecord } from './records.js';

interface Entry {
  readonly sequence: number;
  /** By the store's clock: when the record was last written. */
  readonly committedAt: Date | null;
}

interface StateEntry extends Entry {
  readonly parent: number | null;
  readonly step: number;
  readonly epoch: number;
  readonly cursor: number;
  readonly lineage: Sha256;
  readonly stateDigest: Sha256;
  /** Of its own shards; files shared with the base model are not counted. */
  readonly bytes: number;
  /** Validation metrics at this step, if it was validated and a later or this manifest says so. */
  readonly metrics: Observation | null;
  /** Names of the pins on it. */
  readonly pins: readonly string[];
}

export type ListedCheckpoint =
  | ({ readonly kind: 'living' } & StateEntry)
  | ({ readonly kind: 'retired' } & StateEntry)
  | ({ readonly kind: 'quarantined'; readonly reason: string } & Entry)
  | ({ readonly kind: 'damaged'; readonly reason: string } & Entry);

/** Everything that ever took a number, ascending; for people. Manifests are verified, shards are not. */
export async function listCheckpoints(
  store: ObjectStore,
  run: RunId,
  options: CallOptions = {},
): Promise<ListedCheckpoint[]> {
  const [pins, listed] = await Promise.all([
    listPins(store, run, options),
    listRecords(store, run, { signal: options.signal }),
  ]);
  const read = await eachOf(listed, 16, async (entry) => ({
    entry,
    found: await readRecord(store, run, entry.sequence, options),
  }));

  const observed = new Map<string, Observation>();
  const manifestOf = (found: (typeof read)[number]['found']): Manifest | null => {
    if (found.kind !== 'record' || found.record.kind === 'quarantine') return null;
    return found.record.kind === 'manifest' ? found.record : found.record.was;
  };
  for (const { found } of read) {
    const manifest = manifestOf(found);
    for (const each of manifest?.observations ?? []) observed.set(`${manifest?.lineage} ${each.step}`, each);
  }

  return read.flatMap(({ entry, found }): ListedCheckpoint[] => {
    if (found.kind === 'absent') return [];
    if (found.kind === 'damaged') return [{ kind: 'damaged', ...entry, reason: found.reason }];
    if (found.record.kind === 'quarantine') return [{ kind: 'quarantined', ...entry, reason: found.record.reason }];
    const { parent, step, epoch, cursor, lineage, stateDigest, shards } =
      found.record.kind === 'manifest' ? found.record : found.record.was;
    return [
      {
        kind: found.record.kind === 'manifest' ? 'living' : 'retired',
        ...entry,
        ...{ parent, step, epoch, cursor, lineage, stateDigest },
        bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
        metrics: observed.get(`${lineage} ${step}`) ?? null,
        pins: pins.filter(({ sequence }) => sequence === entry.sequence).map(({ name }) => name),
      },
    ];
  });
}
