import { cosSinOf } from '../exact-math.js';
import type { Draws } from './draws.js';
import { blankPixels, type Pixels } from './pixels.js';

export type Interpolation = 'nearest' | 'bilinear';

/** [a, b, c, d, e, f]: a pixel at (x, y) shows what is at (a x + b y + c, d x + e y + f) of the image, both from its corner. */
export type Matrix = readonly [number, number, number, number, number, number];

export interface Transform {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** Pixels to the right and down. */
  readonly translate: readonly [number, number];
  readonly scale: number;
  /** Degrees along x and y. */
  readonly shear: readonly [number, number];
}

/** As torchvision's _get_inverse_affine_matrix: turned, sheared and scaled about the image's middle, then moved. */
export function inverseMatrix({ angle, translate, scale, shear }: Transform, width: number, height: number): Matrix {
  const { cos: cosY } = cosSinOf(shear[1]);
  const { cos: cosX, sin: sinX } = cosSinOf(shear[0]);
  const turned = cosSinOf(angle - shear[1]);
  const { cos, sin } = cosSinOf(angle);
  const tanX = sinX / cosX;
  const a = turned.cos / cosY;
  const b = (-turned.cos * tanX) / cosY - sin;
  const c = turned.sin / cosY;
  const d = (-turned.sin * tanX) / cosY + cos;
  return about([d / scale, -b / scale, -c / scale, a / scale], translate, width, height);
}

/** A matrix about the middle of the image, or about its corner where `corner` is true, which also moves it. */
export function about(
  [a, b, d, e]: readonly [number, number, number, number],
  [right, down]: readonly [number, number],
  width: number,
  height: number,
  corner = false,
): Matrix {
  const [x, y] = corner ? [0, 0] : [width / 2, height / 2];
  return [a, b, a * (-x - right) + b * (-y - down) + x, d, e, d * (-x - right) + e * (-y - down) + y];
}

/** The image seen through the matrix, `fill` where there is none of it; as Pillow's transform(AFFINE) (its Geometry.c). */
export function transformed(image: Pixels, matrix: Matrix, interpolation: Interpolation, fill: number): Pixels {
  return interpolation === 'nearest' ? nearestOf(image, matrix, fill) : bilinearOf(image, matrix, fill);
}

/** Places with 16 bits behind the point, as Pillow counts them. */
const fixed = (value: number): number => Math.floor(value * 65_536 + 0.5);

function nearestOf({ data, width, height }: Pixels, [a, b, c, d, e, f]: Matrix, fill: number): Pixels {
  const result = blankPixels(width, height);
  const into = result.data;
  if (fill !== 0) into.fill(fill);
  const [acrossX, downX, startX] = [fixed(a), fixed(b), fixed(c + a * 0.5 + b * 0.5)];
  const [acrossY, downY, startY] = [fixed(d), fixed(e), fixed(f + d * 0.5 + e * 0.5)];
  for (let y = 0, at = 0; y < height; y++) {
    let fromX = startX + y * downX;
    let fromY = startY + y * downY;
    for (let x = 0; x < width; x++, at += 3, fromX += acrossX, fromY += acrossY) {
      const [column, row] = [fromX >> 16, fromY >> 16];
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const from = 3 * (row * width + column);
      into[at] = data[from]!;
      into[at + 1] = data[from + 1]!;
      into[at + 2] = data[from + 2]!;
    }
  }
  return result;
}

function bilinearOf({ data, width, height }: Pixels, [a, b, c, d, e, f]: Matrix, fill: number): Pixels {
  const result = blankPixels(width, height);
  const into = result.data;
  if (fill !== 0) into.fill(fill);
  for (let y = 0, at = 0; y < height; y++) {
    let fromX = a * 0.5 + b * (y + 0.5) + c;
    let fromY = d * 0.5 + e * (y + 0.5) + f;
    for (let x = 0; x < width; x++, at += 3, fromX += a, fromY += d) {
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue;
      const [left, above] = [Math.floor(fromX - 0.5), Math.floor(fromY - 0.5)];
      const [right, below] = [fromX - 0.5 - left, fromY - 0.5 - above];
      const x0 = left < 0 ? 0 : left;
      const x1 = left + 1 < width ? left + 1 : width - 1;
      const upper = 3 * width * (above < 0 ? 0 : above);
      const lower = above + 1 < height ? 3 * width * (above + 1) : upper;
      for (let channel = 0; channel < 3; channel++) {
        const [i, j] = [3 * x0 + channel, 3 * x1 + channel];
        const top = data[upper + i]! + (data[upper + j]! - data[upper + i]!) * right;
        const bottom = data[lower + i]! + (data[lower + j]! - data[lower + i]!) * right;
        into[at + channel] = top + (bottom - top) * below;
      }
    }
  }
  return result;
}

export interface RandomRotation {
  readonly degrees: readonly [number, number];
  readonly interpolation: Interpolation;
  readonly fill: number;
}

/** Turned about the middle by an angle in between, anticlockwise as torchvision's RandomRotation. */
export function randomRotation(image: Pixels, { degrees, interpolation, fill }: RandomRotation, draws: Draws): Pixels {
  const angle = draws.between(degrees[0], degrees[1]);
  return rotated(image, angle, interpolation, fill);
}

/** Anticlockwise, as torchvision's rotate. */
export function rotated(image: Pixels, angle: number, interpolation: Interpolation, fill: number): Pixels {
  const still = { angle: -angle, translate: [0, 0], scale: 1, shear: [0, 0] } as const;
  return transformed(image, inverseMatrix(still, image.width, image.height), interpolation, fill);
}

export interface RandomAffine extends RandomRotation {
  /** Largest share of the width and of the height that the image is moved by. */
  readonly translate?: readonly [number, number] | undefined;
  readonly scale?: readonly [number, number] | undefined;
  /** Degrees along x, from the least to the most. */
  readonly shear?: readonly [number, number] | undefined;
}

/** Turned, moved, scaled and sheared, as torchvision's RandomAffine. */
export function randomAffine(image: Pixels, given: RandomAffine, draws: Draws): Pixels {
  const { width, height } = image;
  const { degrees, translate, scale, shear, interpolation, fill } = given;
  const angle = draws.between(degrees[0], degrees[1]);
  const shift = (most: number): number => Math.round(draws.between(-most, most));
  const moved = translate ? ([shift(translate[0] * width), shift(translate[1] * height)] as const) : ([0, 0] as const);
  const size = scale ? draws.between(scale[0], scale[1]) : 1;
  const along = shear ? draws.between(shear[0], shear[1]) : 0;
  const transform = { angle, translate: moved, scale: size, shear: [along, 0] } as const;
  return transformed(image, inverseMatrix(transform, width, height), interpolation, fill);
}
