interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A square of a larger image by bilinear interpolation between pixel centres, the outermost pixels going on beyond the edges.
 * libvips enlarges with its samples half a pixel off.
 */
export function enlarge(
  source: Size & { readonly data: Uint8Array },
  scaled: Size,
  crop: { readonly left: number; readonly top: number; readonly size: number },
): Uint8Array {
  const { size } = crop;
  const columns = samples(source.width, scaled.width, crop.left, size);
  const rows = samples(source.height, scaled.height, crop.top, size);
  const pixels = new Uint8Array(size * size * 3);
  let at = 0;
  for (const y of rows) {
    const [above, below] = [y.before * source.width, y.after * source.width];
    for (const x of columns) {
      for (let channel = 0; channel < 3; channel++) {
        const value = (row: number, column: number): number => source.data[(row + column) * 3 + channel]!;
        const upper = value(above, x.before) * (1 - x.share) + value(above, x.after) * x.share;
        const lower = value(below, x.before) * (1 - x.share) + value(below, x.after) * x.share;
        pixels[at++] = Math.round(upper * (1 - y.share) + lower * y.share);
      }
    }
  }
  return pixels;
}

/** Between which pixels of `from` each of `count` pixels of `to` lies, and how near the second of them. */
function samples(from: number, to: number, start: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const place = Math.min(Math.max(((start + index + 0.5) * from) / to - 0.5, 0), from - 1);
    const before = Math.floor(place);
    return { before, after: Math.min(before + 1, from - 1), share: place - before };
  });
}
