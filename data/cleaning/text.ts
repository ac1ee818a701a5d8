/** What is changed in a text before anything else sees it: training, evaluation and `predict` alike. */
import { z } from 'zod';
import type { Job } from '../../job/schema.js';
import { withoutHtml } from './html.js';

/** In the manifest of a data set, so that new texts are treated as those of the training were. */
export const textCleaningSchema = z.object({
  unicode: z.enum(['NFC', 'NFKC']).nullable(),
  stripHtml: z.boolean(),
  dropControlCharacters: z.boolean(),
});

export type TextCleaning = z.infer<typeof textCleaningSchema>;

/** What the job asks for; null: texts stay as they are. */
export function textCleaningOf({ clean }: Pick<Job['data'], 'clean'>): TextCleaning | null {
  const { unicode = null, stripHtml = false, dropControlCharacters = false } = clean;
  return unicode !== null || stripHtml || dropControlCharacters ? { unicode, stripHtml, dropControlCharacters } : null;
}

/**
 * Categories Cc and Cf but tab, line feed and carriage return; the joiners U+200C and U+200D stay, without which emoji and Indic
 * and Persian words fall apart; and halves of a surrogate pair.
 */
const control = /(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** HTML first, because entities may stand for control characters; the normal form last, because of what joins anew. */
export function cleanText(text: string, { unicode, stripHtml, dropControlCharacters }: TextCleaning): string {
  let cleaned = stripHtml ? withoutHtml(text) : text;
  if (dropControlCharacters) cleaned = cleaned.replace(control, '');
  if (stripHtml) cleaned = cleaned.trim(); // what ended a text may have stood behind an invisible one
  return unicode === null ? cleaned : cleaned.normalize(unicode);
}
