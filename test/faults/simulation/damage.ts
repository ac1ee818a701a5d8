/** Bytes that change in the store by themselves, once in a run, where another checkpoint still stands. */
import { damaged } from '../../support/faults/fault.js';
import type { Objects } from '../../support/simulation/bucket.js';
import type { Actor } from '../../support/simulation/scheduler.js';
import type { ManifestFields } from '../audit/record.js';
import { count, type Cast } from './actors.js';

export async function damage(cast: Cast, actor: Actor): Promise<void> {
  const { scheduler, rules } = cast;
  const pause = scheduler.pauseOf(actor);
  for (let tries = 0; tries < 40; tries++) {
    await pause();
    const now = rules.snapshot;
    if (!now || now.committed.length < 2) continue;
    const target = now.committed[scheduler.below(now.committed.length)]!;
    const record = now.records.get(target)?.record;
    if (record?.kind !== 'manifest') continue;
    const { key, left } = harmed(scheduler.objects, record.manifest, (limit) => scheduler.below(limit));
    rules.damaged = [key, `record ${target}:`, `tombstone ${target} became`];
    count(cast, 'damaged');
    scheduler.change(`${key} is damaged`, left);
    return;
  }
}

function harmed(objects: Objects, { run, sequence, shards }: ManifestFields, below: (limit: number) => number) {
  const record = `runs/${run}/checkpoints/${String(sequence).padStart(20, '0')}.json`;
  const key = below(2) === 0 ? record : shards[below(shards.length)]!.key;
  const whole = objects.get(key)!;
  const left = new Map(objects);
  const how = below(key === record ? 2 : 3);
  if (how === 0) left.set(key, damaged(whole, below(whole.length * 8)));
  if (how === 1) left.set(key, whole.subarray(0, below(whole.length)));
  if (how === 2) left.delete(key);
  return { key, left };
}
