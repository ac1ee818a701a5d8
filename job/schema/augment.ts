import { z } from 'zod';
import { positiveInt } from './values.js';

const share = z.number().min(0).max(1);
const pair = z.tuple([z.number(), z.number()]);
const fill = z.int().min(0).max(255).default(0).describe('Value of pixels that the image does not reach.');
const interpolation = z
  .enum(['nearest', 'bilinear'])
  .default('nearest')
  .describe('How pixels between pixels are made.');
const degrees = z.number().min(0).max(180).describe('Largest angle, to either side.');
const alpha = z.number().positive().default(1).describe('Both parameters of the Beta distribution of the share.');

const cropSchema = z.strictObject({
  padding: z
    .int()
    .min(0)
    .default(0)
    .describe('Pixels added on every side before. 0: images are prepared 256/224 times as large, and cut from that.'),
  paddingMode: z
    .enum(['constant', 'edge', 'reflect', 'symmetric'])
    .default('constant')
    .describe('What the added pixels show.'),
  fill: fill.describe('constant: the value of added pixels.'),
});

const resizedCropSchema = z.strictObject({
  scale: pair.default([0.08, 1]).describe('Least and largest share of the area that is cut out.'),
  ratio: pair.default([3 / 4, 4 / 3]).describe('Least and largest width over height.'),
});

const colorJitterSchema = z.strictObject({
  brightness: z.number().min(0).default(0).describe('Factors lie from 1 - x to 1 + x.'),
  contrast: z.number().min(0).default(0).describe('The same for contrast.'),
  saturation: z.number().min(0).default(0).describe('The same for saturation.'),
  hue: z.number().min(0).max(0.5).default(0).describe('The hue turns by -x to x of the circle.'),
});

const affineSchema = z.strictObject({
  degrees: degrees.default(0),
  translate: z.tuple([share, share]).optional().describe('Largest share of width and height that it is moved by.'),
  scale: pair.optional().describe('Least and largest factor.'),
  shear: z.number().min(0).lt(90).optional().describe('Largest angle along x, to either side.'),
  interpolation,
  fill,
});

const randAugmentSchema = z.strictObject({
  numOps: positiveInt.default(2).describe('Operations an image, one after the other.'),
  magnitude: z.int().min(0).default(9).describe('How strong they are, of numMagnitudeBins.'),
  numMagnitudeBins: z.int().min(2).default(31).describe('Strengths that there are.'),
  interpolation,
  fill,
});

const erasingSchema = z.strictObject({
  p: share.default(0.5).describe('Share of the images of which a box is erased.'),
  scale: pair.default([0.02, 0.33]).describe('Least and largest share of the area.'),
  ratio: pair.default([0.3, 3.3]).describe('Least and largest height over width.'),
  value: z
    .union([z.number(), z.enum(['random'])])
    .default(0)
    .describe('What stands there, in normalised pixels: 0 is the mean colour, random is noise.'),
});

const synonymsSchema = z.strictObject({
  table: z
    .string()
    .min(1)
    .describe(
      'A table with the columns `word` and `synonyms` (a list, or separated by `|`), in any format that data can be read in, also `s3://bucket/key`. Relative to the job file; read when the run is submitted.',
    ),
  p: share.default(0.1).describe('Share of the words of the table that are replaced.'),
});

const each = (meaning: string, p: number) => z.strictObject({ p: share.default(p).describe(meaning) });

export const augmentSchema = z
  .strictObject({
    randomCrop: cropSchema.optional().describe('Images: a square from anywhere.'),
    randomResizedCrop: resizedCropSchema
      .optional()
      .describe('Images: a box of random size, shape and place, brought to imageSize.'),
    horizontalFlip: share.optional().describe('Images: share that is mirrored, left for right.'),
    verticalFlip: share.optional().describe('Images: share that is turned upside down.'),
    rotation: z.strictObject({ degrees, interpolation, fill }).optional().describe('Images: turned about the middle.'),
    affine: affineSchema.optional().describe('Images: turned, moved, scaled and sheared at once.'),
    randAugment: randAugmentSchema.optional().describe('Images: some of fourteen operations, at one strength.'),
    colorJitter: colorJitterSchema
      .optional()
      .describe('Images: brightness, contrast, saturation and hue, in any order.'),
    randomErasing: erasingSchema.optional().describe('Images: a box is erased.'),
    cutmix: z.strictObject({ alpha }).optional().describe('Images: a box of each is that of another of its batch.'),
    mixup: z.strictObject({ alpha }).optional().describe('Images and tables: each is mixed with another of its batch.'),
    synonyms: synonymsSchema.optional().describe('Texts: words that become one of their synonyms.'),
    tokenDropout: each('Share of the tokens that are left out.', 0.1).optional().describe('Texts: tokens left out.'),
    tokenSwap: each('Share of the tokens that change places.', 0.1).optional().describe('Texts: neighbours swapped.'),
    masking: each('Share of the tokens.', 0.15).optional().describe("Texts: tokens that become the tokenizer's mask."),
    noise: z
      .strictObject({
        std: z.number().positive().default(0.1).describe('Its deviation, in units of the scaled column.'),
      })
      .optional()
      .describe('Tables: normal noise on every number.'),
  })
  .describe('What is done to training rows each time they are seen; never to those of validation and test.');

export type AugmentSettings = z.infer<typeof augmentSchema>;
