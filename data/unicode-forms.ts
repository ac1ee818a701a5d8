/** The normalisation forms of Unicode as Hugging Face's Rust library has them: of an older Unicode than Node's. */
import { laterDecomposed } from './later-unicode.js';

/** A normaliser of @huggingface/tokenizers: `form` where it is one of the forms, `normalizers` where it is several. */
interface Normalizer {
  readonly form?: 'NFC' | 'NFD' | 'NFKC' | 'NFKD';
  readonly normalizers?: readonly (Normalizer | null)[];
  normalize(text: string): string;
}

/** Puts our forms in the place of the library's. */
export function withUnicodeForms(loaded: object | null): void {
  const normalizer = loaded as Normalizer | null;
  for (const each of normalizer?.normalizers ?? []) withUnicodeForms(each);
  const { form } = normalizer ?? {};
  if (form) normalizer!.normalize = (text) => text.replace(settled, (part) => part.normalize(form));
}

const settled = new RegExp(`[^${laterDecomposed}]+`, 'gu');
