/** The auditor beside the store: it looks at the bucket after every request that changed something, before the next one may. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { openAudit, type BucketReader } from '../../faults/auditor.js';
import { changesStore } from './points.js';
import type { Answer, Requested } from '../s3-fault-proxy.js';

/** The embedded store's bucket as it lies on the disk, around the server. */
export function bucketOnDisk(folder: string): BucketReader {
  return {
    list: (prefix) => {
      const root = join(folder, prefix);
      if (!existsSync(root)) return Promise.resolve([]);
      const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      return Promise.resolve(entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))));
    },
    get: (key) => Promise.resolve(existsSync(join(folder, key)) ? readFileSync(join(folder, key)) : null),
  };
}

export interface Watched {
  /** Runs a request to the store; what changes something is alone, with the look that follows it. */
  around(requested: Requested, send: () => Promise<Answer>): Promise<Answer>;
  /** One more look, at what there is now. */
  look(): Promise<readonly number[]>;
  /** Broken rules that were seen, and damage, which nobody here does on purpose. */
  readonly problems: readonly string[];
  readonly looks: number;
}

export function watchRun(bucketFolder: string, run: string): Watched {
  const audit = openAudit(bucketOnDisk(bucketFolder), run);
  const problems = new Set<string>();
  let looks = 0;
  let last: Promise<unknown> = Promise.resolve();
  const look = async (): Promise<readonly number[]> => {
    const seen = await audit();
    looks++;
    for (const problem of [...seen.problems, ...seen.damaged]) problems.add(problem);
    return seen.verifiable;
  };
  const alone = <T>(action: () => Promise<T>): Promise<T> => {
    const mine = last.then(action);
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    around: (requested, send) =>
      changesStore(requested) && requested.path.includes(run)
        ? alone(() => send().finally(look)) // also when the request broke: what did it leave?
        : send(),
    look: () => alone(look),
    get problems() {
      return [...problems];
    },
    get looks() {
      return looks;
    },
  };
}
