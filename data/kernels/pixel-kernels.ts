/**
 * Passes over pixels by the processor's vectors of 16 bytes, which plain JavaScript does not reach: five times as fast. They work on a
 * memory of their own, into which what they need is put, and out of which what they made is taken, before anyone else is served.
 */
import { PIXEL_KERNELS } from './pixel-kernels-wasm.js';

/** Arguments are places in the memory; see pixel-kernels.as.ts. */
interface PixelKernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  across(
    from: number,
    stride: number,
    rows: number,
    to: number,
    count: number,
    first: number,
    weights: number,
    taps: number,
  ): void;
  down(from: number, stride: number, to: number, rows: number, first: number, weights: number, taps: number): void;
  blend(pixels: number, bytes: number, from: number, factor: number): void;
  lumaSum(pixels: number, count: number): number;
  saturate(pixels: number, count: number, factor: number): void;
  mirror(from: number, to: number, width: number, rows: number): void;
  normalise(pixels: number, to: number, bytes: number, scale: number): void;
}

/** Of every JavaScript that is not a browser's alone, but no library of types without a browser has it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const compiled = new WebAssembly.Module(Buffer.from(PIXEL_KERNELS, 'base64'));
export const kernels = new WebAssembly.Instance(compiled).exports as PixelKernels;

const PAGE = 65_536;
/** The compiler's own; and what a pass may read and write beyond a block. */
const [FIRST, BEYOND] = [1024, 64];

/** Places for blocks of so many bytes, one behind the other. What was at them before is given up. */
export function blocks<const Sizes extends readonly number[]>(...sizes: Sizes): { [Index in keyof Sizes]: number } {
  let end = FIRST;
  const places = sizes.map((bytes) => {
    const place = end;
    end = (end + bytes + BEYOND + 15) & ~15;
    return place;
  });
  const missing = end - kernels.memory.buffer.byteLength;
  if (missing > 0) kernels.memory.grow(Math.ceil(missing / PAGE));
  return places as { [Index in keyof Sizes]: number };
}

/** All of the memory; until blocks() is called again. */
export const bytesOfKernels = (): Uint8Array => new Uint8Array(kernels.memory.buffer);

export function put(values: Int32Array | Float32Array | Uint8Array, place: number): void {
  bytesOfKernels().set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), place);
}
