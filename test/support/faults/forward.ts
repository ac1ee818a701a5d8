import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** `cut-request` or `hang`: after so many bytes of the body. */
export interface StopAt {
  readonly kind: 'cut-request' | 'hang';
  readonly atByte?: number | undefined;
  readonly reset?: boolean | undefined;
}

/** How much of a body goes through where it stops at this byte (left out: half way): never all of it. */
export const withinBody = (body: Buffer, atByte = body.length >> 1): number =>
  Math.min(atByte, Math.max(0, body.length - 1));

/** Sends a request on to the store. The Host header is part of the signature, so it goes through as it came. */
export async function forward(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  stopAt: StopAt | null,
): Promise<Answer> {
  const url = new URL(target);
  const outgoing = request({
    host: url.hostname,
    port: url.port,
    method: incoming.method,
    path: incoming.url,
    headers: incoming.headers,
    agent: false,
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => undefined); // of a request that is cut below
  if (stopAt === null) outgoing.end(body);
  else {
    const part = body.subarray(0, withinBody(body, stopAt.atByte));
    await new Promise<void>((written) => outgoing.write(part, () => written()));
    if (stopAt.kind === 'hang') await once(incoming.socket, 'close');
    if (stopAt.reset) outgoing.socket?.resetAndDestroy();
    outgoing.destroy();
    throw new Error('the connection broke in the middle of the body');
  }
  const [response] = await answered;
  const { connection: _connection, ...headers } = response.headers;
  return { status: response.statusCode ?? 502, headers, bytes: await collect(response) };
}

export async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
