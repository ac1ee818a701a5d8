import { expect, test } from 'vitest';
import { imagesInFolders } from '../../../data/sources/image-folders.js';

const toldOf = (...paths: string[]) =>
  imagesInFolders(paths, 'photos').map(({ name, split }) => (split === null ? name : `${split}: ${name}`));

test('a folder is a class, whatever is below it', () => {
  expect(toldOf('cats/1.jpg', 'cats/old/2.jpg', 'dogs/1.jpg')).toEqual(['cats', 'cats', 'dogs']);
});

test('folders that are named as splits are splits, and the folders in them classes', () => {
  expect(
    toldOf('train/cats/1.jpg', 'train/dogs/old/1.jpg', 'val/cats/2.jpg', 'Test/dogs/3.jpg', 'evaluation/cats/4.jpg'),
  ).toEqual(['train: cats', 'train: dogs', 'validation: cats', 'test: dogs', 'test: cats']);
});

test('a class may be called train', () => {
  expect(toldOf('bus/1.jpg', 'train/1.jpg')).toEqual(['bus', 'train']);
});

test('a split without classes is refused', () => {
  expect(() => toldOf('test/cats/1.jpg', 'train/1.jpg', 'train/cats/2.jpg')).toThrow(
    'expected one folder of images a class in every split, such as photos/train/cats/1.jpg; found photos/train/1.jpg: move it into its class, or list the images in a table',
  );
});

test('splits and classes side by side are refused', () => {
  expect(() => toldOf('extra/1.jpg', 'train/cats/1.jpg')).toThrow(
    'found folders in photos/train and, beside it, photos/extra: move that one into a split, or rename train if it is a class',
  );
});
