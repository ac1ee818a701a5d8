import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { checkpointKey } from '../../../storage/layout.js';
import type { RunId } from '../../../workflows/contract.js';
import { bucketFolder, manifestOf } from '../../support/bucket.js';
import { damaged } from '../../support/faults/fault.js';
import type { Scene } from '../../support/faults/scene.js';
import type { Row } from '../row.js';

const SEQUENCE = 3;
const POINT = `PUT manifest ${SEQUENCE} #1`;

/** How the newest checkpoint of a real run is damaged on the store's disk. */
const WAYS: readonly { readonly what: string; readonly damage: (manifest: string, shard: string) => void }[] = [
  { what: 'a bit of its shard flipped', damage: (_manifest, shard) => flip(shard) },
  { what: 'a bit of its manifest flipped', damage: (manifest) => flip(manifest) },
  { what: 'its shard missing', damage: (_manifest, shard) => rmSync(shard) },
  { what: 'its shard torn', damage: (_manifest, shard) => truncateSync(shard, 1000) },
];

const flip = (path: string): void => writeFileSync(path, damaged(readFileSync(path)));

export const damagedRuns: Row = {
  name: 'damaged-run',
  title: 'the newest checkpoint of a run damaged and its worker killed: the run falls back and says so',
  unit: 'damaged checkpoint',
  tries: WAYS.length,
  inTest: 1,
  open: async ({ scene }) => {
    const on = await scene();
    return {
      attempt: async (number) => {
        const { what, damage } = WAYS[number % WAYS.length]!;
        let done = false;
        const attempted = await on.attempt({
          damages: true,
          after: async (point, host, run) => {
            if (point !== POINT || done) return;
            done = true;
            damageNewest(on, run, damage);
            on.world.signal(host, 'SIGKILL');
            await pause(50);
            forgetStates(on);
          },
        });
        const told = attempted.result?.sessions.some(({ passedOver }) => passedOver.length > 0) ?? false;
        const problems = [...attempted.problems, ...(told ? [] : ['the run does not say what it passed over'])];
        return { ...attempted, problems, what, faults: 1 };
      },
    };
  },
};

/** A copy on the disk of the host that comes next would do (test/integration/local-state.test.ts). */
const forgetStates = ({ world }: Scene): void => {
  for (const { scratch } of world.hosts) rmSync(join(scratch, 'states'), { recursive: true, force: true });
};

function damageNewest({ world }: Scene, run: RunId, damage: (manifest: string, shard: string) => void): void {
  const { shards } = manifestOf(world, run, SEQUENCE);
  const path = (key: string) => join(bucketFolder(world), key);
  damage(path(checkpointKey(run, SEQUENCE)), path(shards[0]!.key));
}
