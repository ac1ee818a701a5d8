import { createHash } from 'node:crypto';
import type { DatasetRef, Fingerprint, RunContext, Sha256 } from '../../workflows/contract.js';

/** Names everything that a state is a function of. Where bits may differ between hosts by consent, the host does not count. */
export function lineageOf(context: RunContext, dataset: DatasetRef, fingerprint: Fingerprint): Sha256 {
  const { job, model, fork } = context;
  // What is not listed says when to store, what to keep, and which checkpoint to choose: no bit of a state depends on it.
  const { name: _, model: __, data: ___, checkpoint: ____, selectBest: _____, threads: ______, ...rest } = job;
  const { exactness, ...learning } = rest;
  const numerics = exactness === 'strict' ? fingerprint.digest : exactness;
  const begun = fork ? [[fork.from.lineage, fork.from.stateDigest]] : [];
  const text = JSON.stringify([learning, model.digest, dataset.digest, numerics, ...begun, ...rowsAsSeen(context)]);
  return createHash('sha256').update(text).digest('hex') as Sha256;
}

/** What training makes of prepared rows: the data set's digest does not tell it. Where a table lies does not count. */
function rowsAsSeen({ job: { data }, synonyms }: RunContext): object[] {
  const { augment, balance } = data;
  if (augment === undefined && balance === undefined) return [];
  const { synonyms: words, ...changes } = augment ?? {};
  return [{ balance, augment: { ...changes, ...(words && { synonyms: [words.p, synonyms?.sha256] }) } }];
}
