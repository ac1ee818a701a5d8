import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { abstractSocket } from '../abstract-socket.js';
import type { S3Credentials } from './credentials.js';

/**
 * One `up` per folder. The lock is an abstract Unix socket: it has no file, and the kernel frees it at the moment
 * its holder dies, however it dies. A lock file would have to be judged (whose pid is that now?), and would be left
 * behind by the very kill we want to survive. It is also how other terminals reach the holder: JSON lines.
 *
 *   {"command":"status"}                              -> {"pid":1234,"state":"running"}
 *   {"command":"down","authorization":…,"now":false}  -> {"ok":true,"graceSeconds":60}
 *
 * Abstract sockets have no permissions, so whoever asks for `down` shows that he can read the folder's credentials.
 * They belong to a network namespace: two containers that share a folder do not see each other's lock.
 */
const lockName = (root: string): string => abstractSocket(`up-${createHash('sha256').update(root).digest('hex')}`);

export const authorizationOf = (credentials: S3Credentials): string =>
  createHash('sha256').update(`temper-control\n${credentials.secretAccessKey}`).digest('hex');

const requestSchema = z.discriminatedUnion('command', [
  z.object({ command: z.literal('status') }),
  z.object({ command: z.literal('down'), authorization: z.string(), now: z.boolean().default(false) }),
]);
export type ControlRequest = z.infer<typeof requestSchema>;

const answerSchema = z.object({
  pid: z.int().optional(),
  state: z.string().optional(),
  graceSeconds: z.number().optional(),
  error: z.string().optional(),
});
export type ControlAnswer = z.infer<typeof answerSchema>;

export interface StackLock {
  /** Until this is called, the holder says that it is starting. */
  answer(handler: (request: ControlRequest) => ControlAnswer): void;
  release(): Promise<void>;
}

const respond = (socket: Socket, handler: (request: ControlRequest) => ControlAnswer): void => {
  socket.on('error', () => socket.destroy());
  const lines = createInterface({ input: socket, crlfDelay: Infinity });
  lines.on('error', () => {}); // it repeats the socket's
  lines.on('line', (line) => {
    let answer: ControlAnswer;
    try {
      answer = handler(requestSchema.parse(JSON.parse(line)));
    } catch {
      answer = { error: 'not a request of temper' };
    }
    socket.write(`${JSON.stringify(answer)}\n`);
  });
};

/** Null: another process holds it. */
export const acquireLock = (root: string): Promise<StackLock | null> =>
  new Promise((resolve, reject) => {
    let handler = ({ command }: ControlRequest): ControlAnswer =>
      command === 'status' ? { pid: process.pid, state: 'starting' } : { error: 'it only just starts, try again' };
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      respond(socket, (request) => handler(request));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(lockName(root), () =>
      resolve({
        answer: (next) => (handler = next),
        release: () =>
          new Promise((released) => {
            server.close(() => released());
            for (const socket of sockets) socket.destroy();
          }),
      }),
    );
  });

/** Asks the holder of the folder's lock. Null: nobody holds it. */
export const askHolder = (root: string, request: ControlRequest, timeoutMs = 5_000): Promise<ControlAnswer | null> =>
  new Promise((resolve, reject) => {
    const socket = connect(lockName(root));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('the running stack does not answer')));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') resolve(null);
      else reject(error);
    });
    socket.once('close', () => resolve(null));
    const lines = createInterface({ input: socket });
    lines.on('error', () => {}); // it repeats the socket's
    lines.once('line', (line) => {
      try {
        resolve(answerSchema.parse(JSON.parse(line)));
      } catch (error) {
        reject(new Error('the holder of the lock does not speak as temper does', { cause: error }));
      }
      socket.destroy();
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
