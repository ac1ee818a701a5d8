/** An image as its pixels, (height, width, 3), red, green and blue from 0 to 255. Augmentations return new ones, or the one given. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export const blankPixels = (width: number, height: number): Pixels => ({
  data: new Uint8Array(width * height * 3),
  width,
  height,
});
