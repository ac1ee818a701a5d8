/**
 * Names of protocol points: what a request to the store is for, and the how-manieth of its kind. Nonces and digests are left out,
 * so that the same point of another run has the same name: `PUT manifest 3 #1`, `LIST checkpoints #4`.
 */
import type { Requested } from '../s3-fault-proxy.js';

export function requestName({ method, path }: Requested): string {
  const url = new URL(path, 'http://store');
  const prefix = url.searchParams.get('prefix');
  if (prefix !== null) return `LIST ${prefix === '' ? 'bucket' : thing(prefix)}`;
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
  return `${method} ${thing(key)}`;
}

function thing(key: string): string {
  const [root = '', ...rest] = key.split('/');
  if (root !== 'runs') return root === '' ? 'bucket' : root;
  const [, kind = '', first = '', second = ''] = rest;
  if (kind === 'checkpoints') return first === '' ? 'checkpoints' : `manifest ${Number(first.slice(0, 20))}`;
  if (kind !== 'shards') return kind === '' ? 'run' : kind;
  if (first === '') return 'shards';
  const step = first.split('-')[0] ?? '';
  return second === '' ? `shards of ${step}` : `${second === 'condemned.json' ? 'fence' : 'shard'} of ${step}`;
}

/** Counts by name, from 1. */
export class Counters {
  readonly #counts = new Map<string, number>();

  next(name: string): number {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count;
  }

  /** The point that this request is. */
  point(requested: Requested): string {
    const name = requestName(requested);
    return `${name} #${this.next(name)}`;
  }

  clear(): void {
    this.#counts.clear();
  }
}

export const changesStore = ({ method }: Requested): boolean => method !== 'GET' && method !== 'HEAD';
