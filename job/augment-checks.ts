/** What `data.augment` cannot mean: for this task, or with other keys. */
import type { PlacedProblem } from './explain-issue.js';
import { lossOf } from './loss.js';
import { quotedList } from './nearest.js';
import type { Job, Task } from './schema.js';

type Name = keyof NonNullable<Job['data']['augment']>;

const images: readonly Task[] = ['image-classification'];
const texts: readonly Task[] = ['text-classification'];
const tables: readonly Task[] = ['tabular-classification', 'tabular-regression'];

const tasksOf: Record<Name, readonly Task[]> = {
  randomCrop: images,
  randomResizedCrop: images,
  horizontalFlip: images,
  verticalFlip: images,
  rotation: images,
  affine: images,
  randAugment: images,
  colorJitter: images,
  randomErasing: images,
  cutmix: images,
  mixup: [...images, ...tables],
  synonyms: texts,
  tokenDropout: texts,
  tokenSwap: texts,
  masking: [...texts, 'token-classification'],
  noise: tables,
};

export function augmentProblems(job: Job): PlacedProblem[] {
  const { augment } = job.data;
  if (augment === undefined) return [];
  const given = (Object.keys(augment) as Name[]).filter((name) => augment[name] !== undefined);
  const at = (name: Name, message: string, ...rest: string[]): PlacedProblem => ({
    path: ['data', 'augment', name, ...rest],
    at: 'key',
    message,
  });
  const misplaced = given
    .filter((name) => !tasksOf[name].includes(job.task))
    .map((name) => at(name, `${reasonOf(job, name)}: leave it out for \`task: ${job.task}\``));
  if (misplaced.length > 0) return misplaced;
  return [
    ...twoCrops(job).map((message) => at('randomResizedCrop', message)),
    ...ranges(job).map(({ name, key, message }) => at(name, message, key)),
    ...mixing(job).map(({ name, message }) => at(name, message)),
    ...noise(job).map((message) => at('noise', message)),
    ...strength(job).map((message) => at('randAugment', message, 'magnitude')),
  ];
}

function reasonOf({ task }: Job, name: Name): string {
  const whose = `belongs to ${quotedList(tasksOf[name])}`;
  if (name === 'mixup' && task === 'token-classification') {
    return `mixes two rows and their labels, but the tags of two texts do not stand at the same places; it ${whose}`;
  }
  if (name === 'mixup' && task === 'causal-lm') {
    return `mixes two rows and their labels, but two texts have no token that follows both; it ${whose}`;
  }
  if (name === 'mixup') return `mixes two rows, but there is nothing between two tokens; it ${whose}`;
  if (task === 'token-classification' && name === 'synonyms') {
    return `puts other words in the place of those that are tagged; it ${whose}`;
  }
  if (task === 'token-classification' && (name === 'tokenDropout' || name === 'tokenSwap')) {
    return `tears words from their tags; it ${whose}`;
  }
  if (task === 'causal-lm' && tasksOf[name].includes('text-classification')) {
    return `changes the text that a language model is to learn; it ${whose}`;
  }
  return whose;
}

const twoCrops = ({ data: { augment } }: Job): string[] =>
  augment?.randomCrop && augment.randomResizedCrop
    ? ['cannot be combined with `randomCrop`: both say what is cut out, keep one or the other']
    : [];

function ranges({ data: { augment } }: Job): { name: Name; key: string; message: string }[] {
  const pairs: [Name, string, readonly number[] | undefined][] = [
    ['randomResizedCrop', 'scale', augment?.randomResizedCrop?.scale],
    ['randomResizedCrop', 'ratio', augment?.randomResizedCrop?.ratio],
    ['affine', 'scale', augment?.affine?.scale],
    ['randomErasing', 'scale', augment?.randomErasing?.scale],
    ['randomErasing', 'ratio', augment?.randomErasing?.ratio],
  ];
  return pairs.flatMap(([name, key, found]) => {
    if (found === undefined || (found[0]! > 0 && found[0]! <= found[1]! && (!isArea(name, key) || found[1]! <= 1))) {
      return [];
    }
    const bound = isArea(name, key) ? ' and at most 1' : '';
    const message = `expected the least, above 0, then the largest, not below it${bound}, found [${found.join(', ')}]`;
    return [{ name, key, message }];
  });
}

const isArea = (name: Name, key: string): boolean => key === 'scale' && name !== 'affine';

/** Between two labels there are only losses that are defined there. */
function mixing(job: Job): { name: Name; message: string }[] {
  const loss = lossOf(job).name;
  if (loss !== 'focal') return [];
  const message = `gives rows a part of two labels, for which focal loss is not defined: leave it out, or set train.loss to \`cross-entropy\``;
  return (['mixup', 'cutmix'] as const).filter((name) => job.data.augment?.[name]).map((name) => ({ name, message }));
}

const kindsOf = (scale: Job['data']['scale']): readonly string[] =>
  typeof scale === 'string' ? [scale] : [scale.numbers, ...Object.values(scale.columns)];

const noise = ({ data }: Job): string[] =>
  data.augment?.noise && kindsOf(data.scale).includes('none')
    ? ['is in units of the scaled column, found `scale: none`: its columns have units of their own; scale them']
    : [];

function strength({ data: { augment } }: Job): string[] {
  const { magnitude, numMagnitudeBins } = augment?.randAugment ?? { magnitude: 0, numMagnitudeBins: 2 };
  if (magnitude < numMagnitudeBins) return [];
  return [`expected a strength below numMagnitudeBins (${numMagnitudeBins}), found ${magnitude}`];
}
