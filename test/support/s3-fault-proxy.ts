/**
 * An S3 server that misbehaves on request: it stands before a real one and does to each request what the test says, or what a
 * seeded plan says (faults/storm.ts).
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { damaged, errorXml, resets, type Fault } from './faults/fault.js';
import { collect, forward, withinBody, type Answer } from './faults/forward.js';

export type { Fault } from './faults/fault.js';
export type { Answer } from './faults/forward.js';

export interface Requested {
  readonly method: string;
  /** Path within the server, with the query. */
  readonly path: string;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** Set by the test; called for each request, may wait. */
  fault: (requested: Requested) => Fault | null | Promise<Fault | null>;
  /** Set by the test; between it and `send` lies what the store does: it may look at the bucket, or kill whoever asked. */
  around: (requested: Requested, send: () => Promise<Answer>) => Promise<Answer>;
  readonly seen: Requested[];
  stop(): Promise<void>;
}

/** `target`: where the store is, asked for at each request: it may come back elsewhere. */
export async function startFaultProxy(target: string | (() => string)): Promise<FaultProxy> {
  const proxy: Pick<FaultProxy, 'fault' | 'around' | 'seen'> = {
    fault: () => null,
    around: (_requested, send) => send(),
    seen: [],
  };
  const earlier = new EarlierAnswers();
  const server = createServer((incoming, answer) => {
    const requested = { method: incoming.method ?? '', path: incoming.url ?? '' };
    proxy.seen.push(requested);
    void serve(requested, incoming, answer);
  });
  const serve = async (requested: Requested, incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    let fault: Fault | null = null;
    try {
      fault = await proxy.fault(requested);
      await handle(requested, fault, incoming, answer);
    } catch {
      breakOff(incoming, fault); // a store that cannot be reached looks so to the client too
    }
  };
  const handle = async (
    requested: Requested,
    fault: Fault | null,
    incoming: IncomingMessage,
    answer: ServerResponse,
  ): Promise<void> => {
    if (fault?.kind === 'refuse') return breakOff(incoming, fault);
    const body = await collect(incoming);
    if (fault?.kind === 'hang' && fault.atByte === undefined) return;
    if (fault?.kind === 'drip') return drip(incoming);
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    if (fault?.kind === 'answer') {
      const wait = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      answer.writeHead(fault.status, { 'content-type': 'application/xml', ...wait });
      const saysWhy = requested.method !== 'HEAD' && fault.status >= 300;
      return void answer.end(saysWhy ? errorXml(fault.code) : undefined);
    }
    const sent = fault?.kind === 'flip-request' ? damaged(body, fault.atBit) : body;
    const stopAt = fault?.kind === 'cut-request' || fault?.kind === 'hang' ? fault : null;
    const real = await proxy.around(requested, () =>
      forward(typeof target === 'string' ? target : target(), incoming, sent, stopAt),
    );
    const { status, headers, bytes } = fault?.kind === 'stale' ? earlier.than(requested, real) : real;
    earlier.note(requested, real);
    if (fault?.kind === 'lose-answer') return breakOff(incoming, fault);
    answer.writeHead(status, headers);
    if (fault?.kind === 'hang-answer')
      return void answer.write(bytes.subarray(0, withinBody(bytes, fault.atByte ?? 0)));
    if (fault?.kind === 'cut-answer')
      return void answer.write(bytes.subarray(0, withinBody(bytes, fault.atByte)), () => breakOff(incoming, fault));
    answer.end(fault?.kind === 'flip-answer' ? damaged(bytes, fault.atBit) : bytes);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(proxy, {
    endpoint: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

const LEAVES_WITHIN_MS = 10;

/** Once what was written has left: a connection that still has something to send is closed where it should be reset. */
function breakOff({ socket }: IncomingMessage, fault: Fault | null): void {
  if (!resets(fault)) return void socket.destroy();
  setTimeout(() => socket.resetAndDestroy(), LEAVES_WITHIN_MS);
}

function drip({ socket }: IncomingMessage): void {
  socket.write('HTTP/1.1 200 OK\r\nX-Drip: ');
  const dripping = setInterval(() => socket.write('.'), 50);
  socket.once('close', () => clearInterval(dripping));
}

const KEPT_BYTES = 256 * 1024;

/** What a store with a stale cache would say: the answer before the present one. */
class EarlierAnswers {
  readonly #answers = new Map<string, readonly [before: Answer, latest: Answer]>();

  note({ method, path }: Requested, answer: Answer): void {
    if ((method !== 'GET' && method !== 'HEAD') || answer.bytes.byteLength > KEPT_BYTES) return;
    const key = `${method} ${path}`;
    const [before, latest] = this.#answers.get(key) ?? [answer, answer];
    const same = latest.status === answer.status && latest.bytes.equals(answer.bytes);
    this.#answers.set(key, [same ? before : latest, answer]);
  }

  than({ method, path }: Requested, real: Answer): Answer {
    const [before, latest] = this.#answers.get(`${method} ${path}`) ?? [real, real];
    return latest.status === real.status && latest.bytes.equals(real.bytes) ? before : latest;
  }
}
