import { MAX_PIXELS } from '../images.js';
import type { PackedImage } from '../readers/row.js';
import { loadSharp } from '../sharp.js';

const SIDE = 96;

/** A small JPEG as base64; null for an image that cannot be drawn, of which the report tells elsewhere. */
export async function thumbnail({ bytes, fault }: PackedImage): Promise<string | null> {
  if (fault !== null) return null;
  const sharp = await loadSharp();
  try {
    const small = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
      .autoOrient()
      .resize(SIDE, SIDE, { fit: 'inside' })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: 75 });
    return (await small.toBuffer()).toString('base64');
  } catch {
    return null;
  }
}
