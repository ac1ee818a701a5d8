import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

/** What happens to one request. `null`: nothing. */
export type Fault =
  /** The connection breaks before the store sees the request. */
  | { readonly kind: 'refuse' }
  /** The store does it, and the answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** Nothing ever comes back, and the store never sees it. */
  | { readonly kind: 'hang' }
  /** The answer's first header comes one byte at a time and never ends: the connection is not idle. */
  | { readonly kind: 'drip' }
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  /** One bit of the answer's body is flipped. */
  | { readonly kind: 'flip-answer' }
  /** The body's connection breaks half-way. */
  | { readonly kind: 'cut-answer' }
  /** One bit of the request's body is flipped. */
  | { readonly kind: 'flip-request' };

export interface Requested {
  readonly method: string;
  /** Path within the server, with the query. */
  readonly path: string;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** Set by the test; called for each request, may wait. */
  fault: (requested: Requested) => Fault | null | Promise<Fault | null>;
  readonly seen: Requested[];
  stop(): Promise<void>;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const proxy: { fault: FaultProxy['fault']; seen: Requested[] } = { fault: () => null, seen: [] };
  const server = createServer((incoming, answer) => {
    const requested = { method: incoming.method ?? '', path: incoming.url ?? '' };
    proxy.seen.push(requested);
    void handle(requested, incoming, answer).catch(() => answer.destroy());
  });
  const handle = async (requested: Requested, incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const fault = await proxy.fault(requested);
    if (fault?.kind === 'refuse') return void incoming.socket.destroy();
    const body = await collect(incoming);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'drip') return drip(incoming);
    if (fault?.kind === 'answer') {
      answer.writeHead(fault.status, { 'content-type': 'application/xml' });
      return void answer.end(
        `<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>injected</Message></Error>`,
      );
    }
    if (fault?.kind === 'flip-request') flipMiddleBit(body);
    const { status, headers, bytes } = await forward(target, incoming, body);
    if (fault?.kind === 'lose-answer') return void incoming.socket.destroy();
    if (fault?.kind === 'flip-answer') flipMiddleBit(bytes);
    answer.writeHead(status, headers);
    if (fault?.kind === 'cut-answer')
      return void answer.write(bytes.subarray(0, bytes.length / 2), () => incoming.socket.destroy());
    answer.end(bytes);
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

function drip({ socket }: IncomingMessage): void {
  socket.write('HTTP/1.1 200 OK\r\nX-Drip: ');
  const dripping = setInterval(() => socket.write('.'), 50);
  socket.once('close', () => clearInterval(dripping));
}

/** The Host header is part of the signature, so it goes through as it came. */
async function forward(target: string, incoming: IncomingMessage, body: Buffer) {
  const url = new URL(target);
  const outgoing = request({
    host: url.hostname,
    port: url.port,
    method: incoming.method,
    path: incoming.url,
    headers: incoming.headers,
    agent: false,
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { connection: _connection, ...headers } = response.headers;
  return { status: response.statusCode ?? 502, headers, bytes: await collect(response) };
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function flipMiddleBit(bytes: Buffer): void {
  const at = bytes.length >> 1;
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ 1;
}
