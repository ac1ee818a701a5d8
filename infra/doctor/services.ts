import { connect } from 'node:net';
import type { ServiceReport } from '../doctor.js';

const TIMEOUT_MS = 3_000;

/** Whether something accepts a TCP connection there: the sentence why not, or undefined. */
export const tcpProblem = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const end = (problem: string | undefined) => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`nothing answered within ${TIMEOUT_MS / 1000} s`));
    socket.once('error', (error) => end(error.message));
  });

export const examineServices = (): Promise<readonly ServiceReport[]> => Promise.resolve([]);
