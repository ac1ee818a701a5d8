/**
 * A bucket in memory, request by request, with what S3 promises and no more: each request takes effect at one moment, what was
 * written is read from then on, and a listing is true page by page, not as a whole. An ETag is a digest of the content, so that
 * the same bytes come back under the same ETag.
 */
import { digestOf } from '../../faults/audit/record.js';
import type { StoreErrorKind } from '../../../storage/errors.js';

export type Request =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'head'; readonly key: string }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly bytes: Buffer; readonly condition: Condition }
  /** One page. */
  | { readonly kind: 'list'; readonly prefix: string; readonly after: string };

export type Condition = 'none' | 'absent' | { readonly etag: string };

export type Answer =
  | { readonly kind: 'object'; readonly bytes: Buffer; readonly etag: string }
  | { readonly kind: 'page'; readonly keys: readonly Listed[]; readonly more: boolean }
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly error: StoreErrorKind };

export interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

export type Objects = ReadonlyMap<string, Buffer>;

export const etagOf = (bytes: Buffer): string => digestOf(bytes).slice(0, 32);

export const changes = ({ kind }: Request): boolean => kind === 'put' || kind === 'delete';

const DONE: Answer = { kind: 'done' };
const no = (error: StoreErrorKind): Answer => ({ kind: 'error', error });

/** What the store answers, and what it holds then; `objects` itself stays as it is. */
export function applied(objects: Objects, request: Request, pageSize = Infinity): { objects: Objects; answer: Answer } {
  if (request.kind === 'list') return { objects, answer: page(objects, request, pageSize) };
  const there = objects.get(request.key);
  if (request.kind === 'get' || request.kind === 'head')
    return { objects, answer: there ? { kind: 'object', bytes: there, etag: etagOf(there) } : no('missing') };
  if (request.kind === 'delete') return { objects: there ? without(objects, request.key) : objects, answer: DONE };
  const { condition, key, bytes } = request;
  if (condition === 'absent' && there) return { objects, answer: no('precondition') };
  if (typeof condition === 'object') {
    if (!there) return { objects, answer: no('missing') };
    if (etagOf(there) !== condition.etag) return { objects, answer: no('precondition') };
  }
  if (there?.equals(bytes)) return { objects, answer: DONE };
  return { objects: new Map(objects).set(key, bytes), answer: DONE };
}

function without(objects: Objects, key: string): Objects {
  const left = new Map(objects);
  left.delete(key);
  return left;
}

function page(objects: Objects, { prefix, after }: { prefix: string; after: string }, size: number): Answer {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const shown = keys.slice(0, size).map((key): Listed => {
    const bytes = objects.get(key)!;
    return { key, bytes: bytes.byteLength, etag: etagOf(bytes) };
  });
  return { kind: 'page', keys: shown, more: keys.length > shown.length };
}
