/** The same as bench/peers/data_images.py does. */
export const SIZE = 224;
export const IMAGES_A_TURN = 250;
export const AUGMENT = {
  randomCrop: { padding: 16, paddingMode: 'constant', fill: 0 },
  horizontalFlip: 0.5,
  colorJitter: { brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0 },
} as const;
