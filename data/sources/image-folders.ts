import { DataError } from '../data-error.js';
import type { Split } from '../split.js';
import { splitOfName } from './arrange.js';

export interface ImageInFolders {
  /** Relative, with slashes. */
  readonly path: string;
  /** Of its class. */
  readonly name: string;
  /** null: the folders tell of none. */
  readonly split: Split | null;
}

/**
 * What the folders of images say of each. `cats/1.jpg` is of the class `cats`; where all folders are named as splits are, as in
 * Hugging Face's imagefolder, `train/cats/1.jpg` is of `cats`, too, and of the split train. @param paths Each with a folder.
 * @throws DataError where it cannot be told whether a folder is a split or a class.
 */
export function imagesInFolders(paths: readonly string[], folder: string): readonly ImageInFolders[] {
  const parts = paths.map((path) => path.split('/'));
  const [inSplits, inOthers] = [true, false].map((is) => parts.filter(([top]) => (splitOfName(top!) !== null) === is));
  const deep = inSplits!.find(({ length }) => length > 2);
  const flat = inSplits!.find(({ length }) => length === 2);
  const example = `${folder}/train/cats/1.jpg`;
  if (inOthers!.length === 0 && flat !== undefined) {
    throw new DataError(
      `data.source: expected one folder of images a class in every split, such as ${example}; found ${folder}/${flat.join('/')}: move it into its class, or list the images in a table`,
    );
  }
  if (inOthers!.length > 0 && deep !== undefined) {
    throw new DataError(
      `data.source: expected splits alone, such as ${example}, or classes alone, such as ${folder}/cats/1.jpg; found folders in ${folder}/${deep[0]} and, beside it, ${folder}/${inOthers![0]![0]}: move that one into a split, or rename ${deep[0]} if it is a class`,
    );
  }
  // A class may be called train, too: it is one where there are others beside it.
  const areSplits = inOthers!.length === 0;
  return paths.map((path, index) => {
    const [first, second] = parts[index]!;
    return areSplits ? { path, name: second!, split: splitOfName(first!) } : { path, name: first!, split: null };
  });
}
