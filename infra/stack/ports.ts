import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { CliError } from '../errors.js';

export type PortName = 'temporal' | 'ui' | 's3';
export type Ports = Readonly<Record<PortName, number>>;

const portNames: readonly PortName[] = ['temporal', 'ui', 's3'];
const options: Readonly<Record<PortName, string>> = {
  temporal: '--temporal-port',
  ui: '--ui-port',
  s3: '--s3-port',
};

/**
 * Below the kernel's ephemeral range (32768 and up): while a server is away, a client that keeps trying must not be
 * given the server's port as its own source port, which would take it, or connect the client to itself.
 */
const freeRange = { from: 20_000, below: 32_000 } as const;

/** The code of the failure to listen, or null: the port is free. */
const tryPort = (port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(null)));
  });

const refuseNamed = (name: PortName, port: number, code: string): CliError => {
  const asked = `Port ${port} of 127.0.0.1, asked for with ${options[name]},`;
  if (code === 'EADDRINUSE')
    return new CliError(
      `${asked} is taken by another process. Name another port, or leave ${options[name]} out and a free one is chosen. Nothing was started.`,
    );
  if (code === 'EACCES')
    return new CliError(`${asked} is reserved for the administrator. Name one above 1023. Nothing was started.`);
  return new CliError(`${asked} cannot be used (${code}). Name another port. Nothing was started.`);
};

/**
 * A port the user named must be free; otherwise the port of last time is taken again, so that clients find the
 * stack where it was, or a free one.
 */
export const choosePorts = async (named: Partial<Record<PortName, number>>, previous: Ports | null): Promise<Ports> => {
  const chosen: Partial<Record<PortName, number>> = {};
  const inUse = (port: number): PortName | undefined => portNames.find((name) => chosen[name] === port);
  for (const name of portNames) {
    const port = named[name];
    if (port === undefined) continue;
    const other = inUse(port);
    if (other) throw new CliError(`${options[other]} and ${options[name]} name the same port, ${port}. Name two.`);
    const failure = await tryPort(port);
    if (failure) throw refuseNamed(name, port, failure);
    chosen[name] = port;
  }
  const free = async (name: PortName): Promise<number> => {
    const last = previous?.[name];
    if (last !== undefined && !inUse(last) && (await tryPort(last)) === null) return last;
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const port = randomInt(freeRange.from, freeRange.below);
      if (!inUse(port) && (await tryPort(port)) === null) return port;
    }
    throw new CliError(`No free port found on 127.0.0.1. Name one with ${options[name]}.`);
  };
  for (const name of portNames) chosen[name] ??= await free(name);
  const { temporal, ui, s3 } = chosen;
  if (temporal === undefined || ui === undefined || s3 === undefined) throw new Error('a port was not chosen');
  return { temporal, ui, s3 };
};
