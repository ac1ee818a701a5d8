/**
 * The records of a run's `checkpoints/` folder, one JSON object each (docs/checkpoint-format.md):
 *
 * - `manifest`: a state. Creating it is the commit.
 * - `tombstone`: a retired state. Its shards are gone or going; the number stays taken.
 * - `quarantine`: here stood something that did not verify; a copy of it lies aside.
 *
 * A record is the JSON of its fields, and ends with `"sha256"`: the SHA-256 of every byte of the file before that name's
 * opening quote. The tail has one possible spelling, so no byte of the file can change unnoticed.
 */
import { z } from 'zod';
import type { CheckpointRef, ObjectKey, RunId, Sha256, StoredFile } from '../../workflows/contract.js';
import { sha256OfSmall } from '../digest.js';

export const checkpointFormat = 'temper-checkpoint/1';

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform((hex) => hex as Sha256);
const objectKey = z
  .string()
  .min(1)
  .transform((key) => key as ObjectKey);
const runId = z
  .string()
  .min(1)
  .transform((run) => run as RunId);
const count = z.int().nonnegative();
/** JSON has no word for these three, and a diverging run has them. */
const metric = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);

const storedFile = z
  .strictObject({ name: z.string(), key: objectKey, sha256, bytes: count })
  .transform((file): StoredFile => file);
const shard = z.strictObject({ key: objectKey, sha256, bytes: count, tensors: count });
/** Which metrics there are depends on the task. */
const observation = z.object({ step: count, epoch: count, examples: count, loss: metric }).catchall(metric);

/** Which names there are is the version's that wrote it. */
const adjustment = z.strictObject({ fromStep: count, changes: z.record(z.string(), z.number()) });

const head = { format: z.literal(checkpointFormat), run: runId, sequence: z.int().positive() };

const manifest = z.strictObject({
  kind: z.literal('manifest'),
  ...head,
  step: count,
  epoch: count,
  cursor: count,
  lineage: sha256,
  stateDigest: sha256,
  parent: z.int().positive().nullable(),
  createdBy: z.strictObject({ fingerprint: z.string(), session: z.string() }),
  base: z.array(storedFile),
  shards: z.array(shard),
  observations: z.array(observation),
  adjustments: z.array(adjustment).min(1).optional(),
  forkedFrom: z
    .strictObject({ run: runId, sequence: z.int().positive(), step: count, lineage: sha256, stateDigest: sha256 })
    .optional(),
});
const tombstone = z.strictObject({ kind: z.literal('tombstone'), ...head, was: manifest });
const quarantine = z.strictObject({ kind: z.literal('quarantine'), ...head, reason: z.string(), copy: objectKey });
const record = z.discriminatedUnion('kind', [manifest, tombstone, quarantine]);

export type Manifest = z.output<typeof manifest>;
export type Tombstone = z.output<typeof tombstone>;
export type Quarantine = z.output<typeof quarantine>;
export type CheckpointRecord = z.output<typeof record>;
export type Shard = Manifest['shards'][number];

export type Decoded =
  | { readonly kind: 'record'; readonly record: CheckpointRecord }
  /** The bytes are not what was written. */
  | { readonly kind: 'damaged'; readonly reason: string }
  /** The bytes are what was written, by a version that we do not know. */
  | { readonly kind: 'foreign'; readonly reason: string };

const digestName = '"sha256"';

export function encodeRecord(value: CheckpointRecord): Buffer {
  const json = JSON.stringify(value, writeMetric, 1);
  const body = `${json.slice(0, -'\n}'.length)},\n `;
  return Buffer.from(`${body}${digestName}: "${sha256OfSmall(body)}"\n}\n`);
}

/** JSON has no word for NaN and the infinities. `null` in an observation is NaN that went through Temporal's JSON. */
function writeMetric(this: object, _name: string, value: unknown): unknown {
  if (value === null && 'loss' in this) return 'NaN';
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** `expect` is what the key says: a record that was copied to another run's or number's place is damaged too. */
export function decodeRecord(bytes: Buffer, expect: { run: RunId; sequence: number }): Decoded {
  const at = bytes.lastIndexOf(digestName);
  const body = bytes.subarray(0, Math.max(at, 0));
  if (at < 0 || bytes.subarray(at).toString('latin1') !== `${digestName}: "${sha256OfSmall(body)}"\n}\n`)
    return { kind: 'damaged', reason: 'its bytes do not have the SHA-256 that it ends with' };

  const { sha256: _checked, ...fields } = z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString('utf8')));
  if (fields['format'] !== checkpointFormat)
    return {
      kind: 'foreign',
      reason: `its format is ${String(fields['format'])}, this Temper reads ${checkpointFormat}`,
    };
  const parsed = record.safeParse(fields);
  if (!parsed.success) return { kind: 'foreign', reason: z.prettifyError(parsed.error).replaceAll('\n', '; ') };
  const { run, sequence } = parsed.data;
  if (run !== expect.run || sequence !== expect.sequence)
    return { kind: 'damaged', reason: `it is the record of checkpoint ${sequence} of ${run}` };
  return { kind: 'record', record: parsed.data };
}

export const refOf = ({ run, sequence, step, epoch, cursor, lineage, stateDigest }: Manifest): CheckpointRef => ({
  kind: 'checkpoint',
  run,
  sequence,
  step,
  epoch,
  cursor,
  lineage,
  stateDigest,
});
