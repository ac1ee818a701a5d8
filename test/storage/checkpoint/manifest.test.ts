import { expect, test } from 'vitest';
import {
  checkpointFormat,
  decodeRecord,
  encodeRecord,
  type CheckpointRecord,
  type Manifest,
} from '../../../storage/checkpoint/manifest.js';
import type { ObjectKey } from '../../../workflows/contract.js';
import { digestOf, freshRun, lineage } from './states.js';

const run = freshRun();
const manifest: Manifest = {
  kind: 'manifest',
  format: checkpointFormat,
  run,
  sequence: 3,
  step: 120,
  epoch: 1,
  cursor: 20,
  lineage,
  stateDigest: digestOf('state'),
  parent: 2,
  createdBy: { fingerprint: 'f', session: 's' },
  base: [{ name: 'model.safetensors', key: 'models/m/x.safetensors' as ObjectKey, sha256: digestOf('m'), bytes: 9 }],
  shards: [{ key: 'runs/r/shards/120-n/x.safetensors' as ObjectKey, sha256: digestOf('x'), bytes: 7, tensors: 2 }],
  observations: [{ step: 100, epoch: 1, examples: 40, loss: 0.5, accuracy: 0.75, f1: 0.7 }],
};
const at = { run, sequence: 3 };

test('every kind of record is read as it was written, in the same bytes each time', () => {
  const records: CheckpointRecord[] = [
    manifest,
    { kind: 'tombstone', format: checkpointFormat, run, sequence: 3, was: manifest },
    { kind: 'quarantine', format: checkpointFormat, run, sequence: 3, reason: 'torn', copy: 'runs/r/q' as ObjectKey },
  ];
  for (const record of records) {
    const bytes = encodeRecord(record);
    const decoded = decodeRecord(bytes, at);
    expect(decoded).toEqual({ kind: 'record', record });
    if (decoded.kind === 'record') expect(encodeRecord(decoded.record)).toEqual(bytes);
    expect(JSON.parse(bytes.toString())).toMatchObject({ kind: record.kind, sequence: 3 });
  }
});

test('a bit flipped anywhere, a byte lost anywhere and a file cut anywhere are found', () => {
  const bytes = encodeRecord(manifest);
  for (let byte = 0; byte < bytes.length; byte++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[byte] = (flipped[byte] ?? 0) ^ (1 << bit);
      expect(decodeRecord(flipped, at).kind, `byte ${byte}, bit ${bit}`).toBe('damaged');
    }
    expect(decodeRecord(bytes.subarray(0, byte), at).kind, `cut at ${byte}`).toBe('damaged');
    const shortened = Buffer.concat([bytes.subarray(0, byte), bytes.subarray(byte + 1)]);
    expect(decodeRecord(shortened, at).kind, `without ${byte}`).toBe('damaged');
  }
  expect(decodeRecord(Buffer.concat([bytes, Buffer.from('\n')]), at).kind).toBe('damaged');
});

test('a record in the place of another is damaged', () => {
  expect(decodeRecord(encodeRecord(manifest), { run, sequence: 4 }).kind).toBe('damaged');
  expect(decodeRecord(encodeRecord(manifest), { run: freshRun(), sequence: 3 }).kind).toBe('damaged');
});

test('a whole record of another version is foreign, not damaged', () => {
  const other = { ...manifest, format: 'temper-checkpoint/2' } as unknown as CheckpointRecord;
  expect(decodeRecord(encodeRecord(other), at).kind).toBe('foreign');
  const more = { ...manifest, surprise: 1 } as unknown as CheckpointRecord;
  expect(decodeRecord(encodeRecord(more), at).kind).toBe('foreign');
});

test('metrics of a diverging run survive', () => {
  const nulled = null as unknown as number; // NaN as it comes out of Temporal's JSON
  const odd = { step: 1, epoch: 1, examples: 1, loss: NaN, accuracy: -Infinity, f1: nulled };
  const decoded = decodeRecord(encodeRecord({ ...manifest, observations: [odd] }), at);
  if (decoded.kind !== 'record' || decoded.record.kind !== 'manifest') throw new Error(decoded.kind);
  expect(decoded.record.observations).toEqual([{ ...odd, f1: NaN }]);
});
