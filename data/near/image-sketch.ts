/**
 * Images that are nearly the same: 128 bits that say where brightness rises to the right (64) and downwards (64) in a picture of
 * nine by nine fields (difference hash, Krawetz, 2013). Another size, format or compression leaves nearly all of them.
 */
import { FIELDS } from '../images.js';

export const IMAGE_BITS = 128;

/** Mean difference of the fields' colours (of 255) from which on images of the same shapes are not the same: a red and a blue heart. */
const OTHER_COLOURS = 12;

/** The hash (4 words), then the colours of the fields, four bytes a word. `rgb` (9, 9, 3) row by row. */
export function imagePieces(rgb: Uint8Array): Uint32Array {
  const words = HASH_WORDS + Math.ceil(rgb.length / 4);
  const pieces = new Uint32Array(words);
  pieces.set(differenceHash(Float32Array.from({ length: FIELDS * FIELDS }, (_, field) => lumaOf(rgb, field * 3))));
  rgb.forEach((value, i) => (pieces[HASH_WORDS + (i >> 2)]! |= value << (8 * (i & 3))));
  return pieces;
}

const HASH_WORDS = IMAGE_BITS / 32;

/** ITU-R 601. */
const lumaOf = (rgb: Uint8Array, at: number): number => 0.299 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!;

/** `luma` (9, 9) row by row. */
function differenceHash(luma: Float32Array): Uint32Array {
  const words = new Uint32Array(HASH_WORDS);
  let bit = 0;
  const push = (rises: boolean): void => {
    if (rises) words[bit >> 5]! |= 1 << (bit & 31);
    bit++;
  };
  for (let y = 0; y < FIELDS - 1; y++)
    for (let x = 0; x < FIELDS - 1; x++) push(luma[y * FIELDS + x + 1]! > luma[y * FIELDS + x]!);
  for (let y = 0; y < FIELDS - 1; y++)
    for (let x = 0; x < FIELDS - 1; x++) push(luma[(y + 1) * FIELDS + x]! > luma[y * FIELDS + x]!);
  return words;
}

/** Share of the bits of the hashes that are equal; 0 where the colours are others. */
export function imageSimilarity(a: Uint32Array, b: Uint32Array): number {
  let differing = 0;
  for (let word = 0; word < HASH_WORDS; word++) differing += ones(a[word]! ^ b[word]!);
  return colourDifference(a, b) > OTHER_COLOURS ? 0 : 1 - differing / IMAGE_BITS;
}

function colourDifference(a: Uint32Array, b: Uint32Array): number {
  let sum = 0;
  for (let word = HASH_WORDS; word < a.length; word++) {
    for (let shift = 0; shift < 32; shift += 8)
      sum += Math.abs(((a[word]! >>> shift) & 255) - ((b[word]! >>> shift) & 255));
  }
  return sum / (FIELDS * FIELDS * 3);
}

function ones(value: number): number {
  let x = value - ((value >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Fewer bits in a band would put unlike images into it by the thousand. */
const LEAST_BAND = 8;

/**
 * Keys of the bands: where two hashes differ in d bits, one of d + 1 bands is equal in both, so no pair is missed that differs in
 * fewer bits than there are bands (of at least eight bits: 15 of 128).
 */
export function imageBands(pieces: Uint32Array, similarity: number): Uint32Array {
  const differing = Math.floor((1 - similarity) * IMAGE_BITS + 1e-9);
  const bands = Math.min(differing + 1, IMAGE_BITS / LEAST_BAND);
  return Uint32Array.from({ length: bands }, (_, band) => {
    const [from, to] = [band, band + 1].map((edge) => Math.floor((edge * IMAGE_BITS) / bands)) as [number, number];
    let key = band + 1;
    for (let bit = from; bit < to; bit++) {
      key = (Math.imul(key, 0x01000193) ^ ((pieces[bit >> 5]! >>> (bit & 31)) & 1)) >>> 0;
    }
    return key;
  });
}
