import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../../support/faults/fault.js';
import { missed, type Row } from '../row.js';
import { coldPoints, forgetData } from './cold-run.js';

/** Manifests have a thousand bytes, states and models of the small run some hundred thousand. Of a shorter body all but its last byte. */
const AT_BYTES = [1, 16_384];
/** What is on its way has left by then. */
const ON_ITS_WAY_MS = 100;

/** The store has the first bytes of what a worker puts, or a worker those of what it gets, and the worker is killed. */
export const killsInBodies: Row = {
  name: 'kill-body',
  title: 'SIGKILL of the worker within what it puts and gets: after 1 byte, after 16 KiB',
  unit: 'SIGKILL',
  tries: 262,
  inTest: 1,
  open: async ({ scene }) => {
    const on = await scene();
    const points = (await coldPoints(on)).filter(({ point }) => /^(PUT|GET)/.test(point));
    return {
      tries: points.length * AT_BYTES.length,
      attempt: async (number) => {
        const { point } = points[Math.floor(number / AT_BYTES.length)]!;
        const atByte = AT_BYTES[number % AT_BYTES.length]!;
        const fault: Fault = point.startsWith('PUT') ? { kind: 'hang', atByte } : { kind: 'hang-answer', atByte };
        await forgetData(on);
        let killed = '';
        const killSoon = (at: string, host: string): void => {
          if (at === point && killed === host) void pause(ON_ITS_WAY_MS).then(() => on.world.signal(host, 'SIGKILL'));
        };
        const attempted = await on.attempt({
          fault: (at, host) => {
            if (at !== point || killed !== '') return null;
            killed = host;
            return fault;
          },
          // The body of a GET goes out when the store has answered.
          ...(fault.kind === 'hang' ? { before: killSoon } : { after: killSoon }),
        });
        const problems = [...attempted.problems, ...missed(point, killed !== '')];
        return {
          ...attempted,
          problems,
          what: `${point} after ${atByte} bytes: ${killed}`,
          faults: killed === '' ? 0 : 1,
        };
      },
    };
  },
};
