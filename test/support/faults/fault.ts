/** How a connection breaks: closed in order (FIN), or reset (RST). */
interface Breaks {
  readonly reset?: boolean | undefined;
}

/** What can happen to one request to the store. `null` where a fault is asked for: nothing. */
export type Fault =
  /** The connection breaks before the store sees the request. */
  | ({ readonly kind: 'refuse' } & Breaks)
  /** The store sees it late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing ever comes back. The store never sees it, or only the body's first bytes. */
  | { readonly kind: 'hang'; readonly atByte?: number | undefined }
  /** The answer's first header comes one byte at a time and never ends: the connection is not idle. */
  | { readonly kind: 'drip' }
  /** The store says no and does nothing. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string; readonly retryAfter?: number }
  /** One bit of the request's body is flipped. */
  | { readonly kind: 'flip-request'; readonly atBit?: number | undefined }
  /** The connection breaks after so many bytes of the request's body (default: half of it). */
  | ({ readonly kind: 'cut-request'; readonly atByte?: number | undefined } & Breaks)
  /** The store does it, and the answer is lost. */
  | ({ readonly kind: 'lose-answer' } & Breaks)
  /** One bit of the answer's body is flipped. */
  | { readonly kind: 'flip-answer'; readonly atBit?: number | undefined }
  /** The connection breaks after so many bytes of the answer's body (default: half of it). */
  | ({ readonly kind: 'cut-answer'; readonly atByte?: number | undefined } & Breaks)
  /** The answer's body stops after so many bytes, and the connection stays. */
  | { readonly kind: 'hang-answer'; readonly atByte?: number | undefined }
  /** What the store said to this request the time before. */
  | { readonly kind: 'stale' };

/** Whether the connection of this fault, if it breaks, is reset. */
export const resets = (fault: Fault | null): boolean => fault !== null && 'reset' in fault && fault.reset === true;

/** A copy with one bit flipped: the middle one, or that one (counted round). */
export function damaged(bytes: Buffer, atBit = bytes.length * 4): Buffer {
  if (bytes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  const bit = atBit % (copy.length * 8);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

export const errorXml = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
