import type { Job } from '../../job/schema.js';
import type { Input } from '../read-input.js';

type Limits = NonNullable<Job['data']['clean']['length']>;

/** Why a text is left out for its length, or null. Characters are code points; of two texts the lengths are added. */
export function lengthFault(input: Input, limits: Limits): 'short' | 'long' | null {
  if (input.kind !== 'text' && input.kind !== 'words') return null;
  const { minCharacters = 0, maxCharacters = Infinity, minWords = 0, maxWords = Infinity } = limits;
  const texts = input.kind === 'words' ? input.words : input.pair === null ? [input.text] : [input.text, input.pair];
  const characters = texts.reduce((sum, text) => sum + codePoints(text), 0);
  const words = input.kind === 'words' ? texts.length : texts.reduce((sum, text) => sum + wordsOf(text), 0);
  if (characters < minCharacters || words < minWords) return 'short';
  return characters > maxCharacters || words > maxWords ? 'long' : null;
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) !== 0xd800 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) continue;
    count--;
    i++;
  }
  return count;
}

const wordsOf = (text: string): number => text.match(/\S+/g)?.length ?? 0;
