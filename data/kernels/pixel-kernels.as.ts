/**
 * Passes over the pixels of images, sixteen bytes at a time, in AssemblyScript: data/kernels/build.mjs makes pixel-kernels-wasm.ts of
 * it. Pointers are places in the module's memory; what is at them, pixel-kernels.ts says. A pass may read and write 16 bytes beyond
 * the end of a block: they are no one's.
 */

/** Bits behind the point of a weight of a resized pixel. */
const PRECISION: i32 = 22;
const HALF: i32 = 1 << 21;

/** Four sums of weighted bytes as the first four bytes. */
function shifted(sums: v128): v128 {
  return i32x4.shr_u(sums, PRECISION);
}

function pixelAt(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/** `rows` lines of RGB, `stride` bytes apart, to `count` pixels each: pixel x is the `taps` pixels from `first[x]` on by their weights. */
export function across(
  from: usize,
  stride: i32,
  rows: i32,
  to: usize,
  count: i32,
  first: usize,
  weights: usize,
  taps: i32,
): void {
  const half = i32x4.splat(HALF);
  for (let y = 0; y < rows; y++, from += stride) {
    let weight = weights;
    for (let x = 0; x < count; x++, to += 3) {
      let at = from + 3 * load<i32>(first + ((<usize>x) << 2));
      let sums = half;
      // Images that are made a little smaller have three taps: most of them.
      if (taps == 3) {
        const one = i32x4.mul(pixelAt(at), v128.load32_splat(weight));
        const two = i32x4.mul(pixelAt(at + 3), v128.load32_splat(weight + 4));
        const three = i32x4.mul(pixelAt(at + 6), v128.load32_splat(weight + 8));
        sums = i32x4.add(i32x4.add(one, two), i32x4.add(three, half));
        weight += 12;
      } else {
        for (let tap = 0; tap < taps; tap++, at += 3, weight += 4)
          sums = i32x4.add(sums, i32x4.mul(pixelAt(at), v128.load32_splat(weight)));
      }
      const bytes = i16x8.narrow_i32x4_s(shifted(sums), sums);
      v128.store32_lane(to, i8x16.narrow_i16x8_u(bytes, bytes), 0);
    }
  }
}

/** Lines of `stride` bytes to `rows` lines: line y is the `taps` lines from `first[y]` on by their weights. */
export function down(from: usize, stride: i32, to: usize, rows: i32, first: usize, weights: usize, taps: i32): void {
  const half = i32x4.splat(HALF);
  for (let y = 0; y < rows; y++, to += stride, weights += taps << 2) {
    const lines = from + load<i32>(first + ((<usize>y) << 2)) * stride;
    for (let x = 0; x < stride; x += 16) {
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let at = lines + x;
      for (let tap = 0; tap < taps; tap++, at += stride) {
        const weight = v128.load32_splat(weights + ((<usize>tap) << 2));
        const bytes = v128.load(at);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
      }
      const low = i16x8.narrow_i32x4_s(shifted(a), shifted(b));
      const high = i16x8.narrow_i32x4_s(shifted(c), shifted(d));
      v128.store(to + x, i8x16.narrow_i16x8_u(low, high));
    }
  }
}

/** from + factor * (value - from) in single precision, cut to a byte: of four values. */
function blended(values: v128, from: v128, factor: v128): v128 {
  const sum = f32x4.add(from, f32x4.mul(factor, f32x4.sub(f32x4.convert_i32x4_s(values), from)));
  return i32x4.min_u(i32x4.trunc_sat_f32x4_u(sum), i32x4.splat(255));
}

/** Every byte part of the way from `from` to itself, or beyond itself. */
export function blend(pixels: usize, bytes: i32, from: f32, factor: f32): void {
  const f = f32x4.splat(from);
  const by = f32x4.splat(factor);
  for (let end = pixels + bytes; pixels < end; pixels += 16) {
    const all = v128.load(pixels);
    const low = i16x8.extend_low_i8x16_u(all);
    const high = i16x8.extend_high_i8x16_u(all);
    const a = blended(i32x4.extend_low_i16x8_u(low), f, by);
    const b = blended(i32x4.extend_high_i16x8_u(low), f, by);
    const c = blended(i32x4.extend_low_i16x8_u(high), f, by);
    const d = blended(i32x4.extend_high_i16x8_u(high), f, by);
    v128.store(pixels, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
  }
}

function reds(pixels: v128): v128 {
  return i8x16.swizzle(pixels, i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1));
}

function greens(pixels: v128): v128 {
  return i8x16.swizzle(pixels, i8x16(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1));
}

function blues(pixels: v128): v128 {
  return i8x16.swizzle(pixels, i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
}

function lumas(red: v128, green: v128, blue: v128): v128 {
  const sum = i32x4.add(i32x4.mul(red, i32x4.splat(19595)), i32x4.mul(green, i32x4.splat(38470)));
  return i32x4.shr_u(i32x4.add(i32x4.add(sum, i32x4.mul(blue, i32x4.splat(7471))), i32x4.splat(0x8000)), 16);
}

/** Sum of the lumas of `count` pixels. */
export function lumaSum(pixels: usize, count: i32): f64 {
  let sums = i32x4.splat(0);
  const whole = pixels + 3 * (count & ~3);
  for (; pixels < whole; pixels += 12) {
    const all = v128.load(pixels);
    sums = i32x4.add(sums, lumas(reds(all), greens(all), blues(all)));
  }
  let sum =
    <f64>i32x4.extract_lane(sums, 0) +
    <f64>i32x4.extract_lane(sums, 1) +
    <f64>i32x4.extract_lane(sums, 2) +
    <f64>i32x4.extract_lane(sums, 3);
  for (let rest = count & 3; rest > 0; rest--, pixels += 3) {
    const all = v128.load32_zero(pixels);
    sum += <f64>i32x4.extract_lane(lumas(reds(all), greens(all), blues(all)), 0);
  }
  return sum;
}

/** Every channel part of the way from the pixel's luma to itself, or beyond itself. */
export function saturate(pixels: usize, count: i32, factor: f32): void {
  const by = f32x4.splat(factor);
  const end = pixels + 3 * count;
  for (; pixels < end; pixels += 12) {
    const all = v128.load(pixels);
    const red = reds(all);
    const green = greens(all);
    const blue = blues(all);
    const luma = f32x4.convert_i32x4_s(lumas(red, green, blue));
    const mixed = v128.or(
      v128.or(blended(red, luma, by), i32x4.shl(blended(green, luma, by), 8)),
      i32x4.shl(blended(blue, luma, by), 16),
    );
    // The four bytes after these are the next pixels', not changed yet.
    const packed = i8x16.swizzle(mixed, i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const rest = v128.and(all, i32x4(0, 0, 0, -1));
    v128.store(pixels, v128.or(packed, rest));
  }
}

/** Lines of `width` pixels, left for right, to a place of their own. */
export function mirror(from: usize, to: usize, width: i32, rows: i32): void {
  const stride = 3 * width;
  for (let y = 0; y < rows; y++, from += stride) {
    to += stride;
    let at = to;
    let x = 0;
    for (; x + 4 <= width; x += 4) {
      at -= 12;
      const pixels = v128.load(from + 3 * x);
      const turned = i8x16.swizzle(pixels, i8x16(9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, -1, -1, -1, -1));
      v128.store64_lane(at, turned, 0);
      v128.store32_lane(at + 8, turned, 2);
    }
    for (; x < width; x++) {
      at -= 3;
      const pixel = load<u32>(from + 3 * x);
      store<u16>(at, <u16>pixel);
      store<u8>(at, <u8>(pixel >> 16), 2);
    }
  }
}

/** Bytes of RGB to floats: (value / 255 - mean) / deviation, each operation rounded. `scale`: r g b r, g b r g, b r g b of the means, then of the deviations. */
export function normalise(pixels: usize, to: usize, bytes: i32, scale: usize): void {
  const all = f32x4.splat(255);
  const m0 = v128.load(scale);
  const m1 = v128.load(scale, 16);
  const m2 = v128.load(scale, 32);
  const s0 = v128.load(scale, 48);
  const s1 = v128.load(scale, 64);
  const s2 = v128.load(scale, 80);
  for (let end = pixels + bytes; pixels < end; pixels += 12, to += 48) {
    const bytes16 = v128.load(pixels);
    const low = i16x8.extend_low_i8x16_u(bytes16);
    const a = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low));
    const b = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low));
    const c = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_high_i8x16_u(bytes16)));
    v128.store(to, f32x4.div(f32x4.sub(f32x4.div(a, all), m0), s0));
    v128.store(to, f32x4.div(f32x4.sub(f32x4.div(b, all), m1), s1), 16);
    v128.store(to, f32x4.div(f32x4.sub(f32x4.div(c, all), m2), s2), 32);
  }
}
