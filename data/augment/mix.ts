import { Draws, sites, type Bits } from './draws.js';
import type { AugmentSettings } from './image-augmenter.js';

/** How each of `rows` rows is mixed with the one before it, the first with the last: torchvision's MixUp and CutMix pair them so. */
export type Mix =
  /** `share` of itself and the rest of the other, value by value (Zhang et al., 2017, "mixup"). */
  | { readonly kind: 'mixup'; readonly share: number }
  /** A box of the other's pixels, `share` of the area is left (Yun et al., 2019, "CutMix"). */
  | { readonly kind: 'cutmix'; readonly share: number; readonly box: Box };

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Whether rows have parts of two labels. */
export const mixes = (settings: AugmentSettings | undefined): boolean =>
  settings?.mixup !== undefined || settings?.cutmix !== undefined;

/** One for the whole batch; where a job has both kinds, half of the batches get each. `size`: of images. */
export function drawMix({ mixup, cutmix }: AugmentSettings, size: number, bits: Bits): Mix | null {
  const draws = new Draws(bits, sites.mix);
  if (cutmix && (!mixup || draws.chance(0.5))) {
    const share = draws.beta(cutmix.alpha);
    const half = 0.5 * Math.sqrt(1 - share);
    const [x, y] = [draws.below(size), draws.below(size)];
    const reach = Math.trunc(half * size);
    const box = {
      left: Math.max(0, x - reach),
      top: Math.max(0, y - reach),
      right: Math.min(size, x + reach),
      bottom: Math.min(size, y + reach),
    };
    const area = (box.right - box.left) * (box.bottom - box.top);
    return { kind: 'cutmix', share: 1 - area / (size * size), box };
  }
  return mixup ? { kind: 'mixup', share: draws.beta(mixup.alpha) } : null;
}

/** Mixes the first `rows` rows of a batch in place; `width` values each, of images (size, size, channels). */
export function mixRows(values: Float32Array, rows: number, width: number, mix: Mix, size = 1): void {
  const last = values.slice((rows - 1) * width, rows * width);
  for (let row = rows - 1; row >= 0; row--) {
    const start = row * width;
    const other = row === 0 ? last : values.subarray(start - width, start);
    if (mix.kind === 'mixup') mixInto(values, start, other, mix.share);
    else pasteInto(values, start, other, mix.box, size);
  }
}

function mixInto(values: Float32Array, start: number, other: Float32Array, share: number): void {
  const rest = 1 - share;
  for (let i = 0; i < other.length; i++) values[start + i] = share * values[start + i]! + rest * other[i]!;
}

function pasteInto(values: Float32Array, start: number, other: Float32Array, box: Box, size: number): void {
  const channels = other.length / (size * size);
  for (let y = box.top; y < box.bottom; y++) {
    const [from, to] = [(y * size + box.left) * channels, (y * size + box.right) * channels];
    values.set(other.subarray(from, to), start + from);
  }
}

/** What a row's target is after mixing: `labels` or `values` by name, and `weights`. */
export type MixedTargets = Record<string, Float32Array>;

/**
 * Targets of the first `rows` rows mixed as the rows were. Classes (int32, one a row) become shares of each of `classes`; flags and
 * numbers are mixed as they are. Where two rows weigh differently each label counts by its own row's weight.
 */
export function mixTargets(
  targets: Readonly<Record<string, Float32Array | Int32Array>>,
  { rows, classes, share }: { readonly rows: number; readonly classes: number; readonly share: number },
): MixedTargets {
  const weights = Float32Array.from(targets['weights']!);
  const soft = Object.entries(targets)
    .filter(([name]) => name !== 'weights')
    .map(([name, values]) => {
      const dense = values instanceof Int32Array ? oneHot(values, classes) : Float32Array.from(values);
      return { name, dense, width: dense.length / weights.length };
    });
  const before = Float32Array.from(weights);
  const originals = soft.map(({ dense }) => dense.slice());
  for (let row = 0; row < rows; row++) {
    const other = (row + rows - 1) % rows;
    const [own, others] = [share * before[row]!, (1 - share) * before[other]!];
    const total = own + others;
    weights[row] = total;
    if (total === 0) continue;
    soft.forEach(({ dense, width }, i) => {
      const from = originals[i]!;
      for (let k = 0; k < width; k++) {
        dense[row * width + k] = (own * from[row * width + k]! + others * from[other * width + k]!) / total;
      }
    });
  }
  return { ...Object.fromEntries(soft.map(({ name, dense }) => [name, dense])), weights };
}

/** (n) to (n, classes). */
function oneHot(labels: Int32Array, classes: number): Float32Array {
  const dense = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => (dense[row * classes + label] = 1));
  return dense;
}
