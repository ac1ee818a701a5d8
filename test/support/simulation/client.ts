/** The product's view of a bucket in memory: the same interface as over HTTP, each request handed to whoever decides what becomes of it. */
import { eachOf } from '../../../storage/each-of.js';
import { corrupt, isStoreError, StoreError } from '../../../storage/errors.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import { digestOf } from '../../faults/audit/record.js';
import type { Answer, Condition, Request } from './bucket.js';

/** Files by path: what a worker's disk holds. Two workers' paths never meet. */
export type Disk = Map<string, Buffer>;

/** Begins a folder's name: no file system has such a folder, so that nobody looks for files on the real one. */
export const NO_FOLDER = '\0';

export type Send = (request: Request) => Promise<Answer>;

export function clientOf(send: Send, disk: Disk): ObjectStore {
  const ask = async (request: Request): Promise<Exclude<Answer, { kind: 'error' }>> => {
    const answer = await send(request);
    if (answer.kind === 'error') throw new StoreError(answer.error, `${answer.error}: ${nameOf(request)}`);
    return answer;
  };
  const get = async (key: string) => {
    const answer = await ask({ kind: 'get', key });
    if (answer.kind !== 'object') throw new Error('a GET is answered by an object');
    return { bytes: answer.bytes, etag: answer.etag };
  };
  const put = async (key: string, bytes: Uint8Array, condition: Condition) => {
    await ask({ kind: 'put', key, bytes: Buffer.from(bytes), condition });
    return { etag: '' }; // nobody reads it
  };
  const never = () => Promise.reject(new Error('the checkpoint protocol does not ask for this'));
  return {
    where: (key = 'the bucket') => key,
    get,
    getToFile: async (key, path, expect) => {
      const { bytes } = await get(key);
      const sha256 = digestOf(bytes);
      if (expect && (expect.sha256 !== sha256 || expect.bytes !== bytes.byteLength)) throw corrupt(`${key} is damaged`);
      disk.set(path, bytes);
      return { sha256, bytes: bytes.byteLength };
    },
    put: (key, bytes) => put(key, bytes, 'none'),
    putIfAbsent: (key, bytes) => put(key, bytes, 'absent'),
    putIfMatch: (key, bytes, etag) => put(key, bytes, { etag }),
    putFile: async (key, path) => {
      const bytes = disk.get(path);
      if (!bytes) throw new Error(`${path} is not on this disk`);
      await put(key, bytes, 'none');
    },
    head: async (key) => {
      try {
        const answer = await ask({ kind: 'head', key });
        if (answer.kind !== 'object') throw new Error('a HEAD is answered by an object');
        return { etag: answer.etag, bytes: answer.bytes.byteLength, sha256: digestOf(answer.bytes) };
      } catch (error) {
        if (isStoreError(error, 'missing')) return null;
        throw error;
      }
    },
    list: async function* (prefix, options) {
      let after = options?.startAfter ?? '';
      for (let more = true; more;) {
        const answer = await ask({ kind: 'list', prefix, after });
        if (answer.kind !== 'page') throw new Error('a LIST is answered by a page');
        for (const listed of answer.keys) yield { ...listed, lastModified: null };
        after = answer.keys.at(-1)?.key ?? after;
        ({ more } = answer);
      }
    },
    delete: async (keys) => void (await eachOf(keys, 8, (key) => ask({ kind: 'delete', key }))),
    rangesToFile: never,
    ensureBucket: never,
    check: never,
    close: () => undefined,
  };
}

/** `PUT runs/r/checkpoints/3`, with what does not tell requests apart left out. */
export function nameOf(request: Request): string {
  const name = request.kind === 'list' ? request.prefix : request.key;
  const short = name
    .replace(/^runs\/[^/]+\//, '')
    .replace(/0{10,}/, '')
    .replace(/[0-9a-f]{56}(?=\.|$)/, '');
  return `${request.kind.toUpperCase()} ${short}${request.kind === 'list' && request.after !== '' ? ' (next page)' : ''}`;
}
