/** Faults in the middle of a body: at every MiB of a shard on its way up, and of the same on its way back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNewestCheckpoint } from '../../../storage/checkpoint/restore.js';
import { commitState, digestOf, freshRun, lineage } from '../../storage/checkpoint/states.js';
import { resets, type Fault } from '../../support/faults/fault.js';
import { startFaultProxy, type Requested } from '../../support/s3-fault-proxy.js';
import { startS3Server } from '../../support/s3-server.js';
import { untilReachable } from '../../../storage/until-reachable.js';
import type { Row, Stage } from '../row.js';

const MIB = 1024 * 1024;
const SHARD_MIB = 8;
const PLACES = SHARD_MIB + 1;

const FAULTS: readonly { readonly way: 'PUT' | 'GET'; readonly of: (atByte: number) => Fault }[] = [
  { way: 'PUT', of: (atByte) => ({ kind: 'cut-request', atByte }) },
  { way: 'PUT', of: (atByte) => ({ kind: 'cut-request', atByte, reset: true }) },
  { way: 'PUT', of: (atByte) => ({ kind: 'hang', atByte }) },
  { way: 'PUT', of: (atByte) => ({ kind: 'flip-request', atBit: atByte * 8 }) },
  { way: 'GET', of: (atByte) => ({ kind: 'cut-answer', atByte }) },
  { way: 'GET', of: (atByte) => ({ kind: 'cut-answer', atByte, reset: true }) },
  { way: 'GET', of: (atByte) => ({ kind: 'hang-answer', atByte }) },
  { way: 'GET', of: (atByte) => ({ kind: 'flip-answer', atBit: atByte * 8 }) },
];

export const bodies: Row = {
  name: 'bodies',
  title: 'cut, reset, hanging or damaged at each MiB of an 8 MiB shard, up and down',
  unit: 'fault',
  tries: FAULTS.length * PLACES,
  inTest: 8,
  open: async (): Promise<Stage> => {
    const server = await startS3Server();
    const proxy = await startFaultProxy(server.settings.endpoint);
    const timeouts = { connectMs: 1_000, idleMs: 400, requestMs: 5_000 };
    const store = server.open({ endpoint: proxy.endpoint, timeouts });
    const folder = await mkdtemp(join(tmpdir(), 'temper-bodies-'));
    return {
      attempt: async (number) => {
        const { way, of } = FAULTS[number % FAULTS.length]!;
        const atMib = Math.floor(number / FAULTS.length) % PLACES;
        const fault = of(Math.min(atMib * MIB, SHARD_MIB * MIB - 1));
        let faults = 0;
        proxy.fault = ({ method, path }: Requested) =>
          method === way && path.includes('/shards/') && faults++ === 0 ? fault : null;
        const run = freshRun();
        const floats = (SHARD_MIB * MIB) / 4;
        await commitState(store, folder, { run, step: 1, shards: ['large'], floats });
        const wanted = { run, lineage, cacheFolder: join(folder, `cache-${number}`) };
        const found = await untilReachable(() => findNewestCheckpoint(store, wanted), { firstPauseMs: 5 });
        const whole =
          found.kind === 'found' && found.ref.stateDigest === digestOf('large') && found.damaged.length === 0;
        const problems = [
          ...(whole ? [] : [`the checkpoint came back as ${JSON.stringify(found)}`]),
          ...(faults === 0 ? ['no shard went that way'] : []),
        ];
        await rm(folder, { recursive: true, force: true });
        return {
          problems,
          what: `${fault.kind}${resets(fault) ? ' (reset)' : ''} at ${atMib} MiB`,
          faults: 1,
          lostSteps: 0,
          extraSeconds: null,
        };
      },
      close: async () => {
        await proxy.stop();
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};
