import { createHash, hash } from 'node:crypto';

const digestOf = (seed: string, text: string): Buffer => hash('sha256', `${seed}\n${text}`, 'buffer');

/** 128 bits of SHA-256 of a text, as 16 bytes: a key that does not hold the text in memory. */
export const contentKey = (text: string): Uint8Array => digestOf('', text).subarray(0, 16);

/** A number in [0, 2^48), a function of the seed and the text alone. */
export const contentOrder = (seed: number, text: string): number => digestOf(String(seed), text).readUIntBE(0, 6);

/** Lower-case hex. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
