/** Keys that say nothing to a task: ignoring them would hide a misunderstanding. */
import type { PlacedProblem } from './explain-issue.js';
import { quotedList } from './nearest.js';
import type { Job, Task } from './schema.js';

const text: readonly Task[] = ['text-classification', 'causal-lm'];
const tokens: readonly Task[] = [...text, 'token-classification'];
const tables: readonly Task[] = ['tabular-classification', 'tabular-regression'];

interface Rule {
  readonly path: readonly PropertyKey[];
  readonly isGiven: boolean;
  readonly tasks: readonly Task[];
  /** What the key is about. */
  readonly says: string;
}

/** A key that has its default counts as not given. */
function rules({ task, data, pooling, lora }: Job): readonly Rule[] {
  return [
    { path: ['data', 'text'], isGiven: data.text !== 'text', tasks: text, says: 'names the column of a text' },
    {
      path: ['data', 'textPair'],
      isGiven: data.textPair !== undefined,
      tasks: ['text-classification'],
      says: 'names the second of two texts',
    },
    {
      path: ['data', 'words'],
      isGiven: data.words !== 'words',
      tasks: ['token-classification'],
      says: 'names the column of words',
    },
    {
      path: ['data', 'image'],
      isGiven: data.image !== 'image',
      tasks: ['image-classification'],
      says: 'names the column of image files',
    },
    {
      path: ['data', 'imageSize'],
      isGiven: data.imageSize !== undefined,
      tasks: ['image-classification'],
      says: 'is the size of images',
    },
    {
      path: ['data', 'features'],
      isGiven: data.features !== undefined,
      tasks: tables,
      says: 'names the columns of a table',
    },
    {
      path: ['data', 'scale'],
      isGiven: data.scale !== 'z-score',
      tasks: tables,
      says: 'scales the columns of a table',
    },
    {
      path: ['data', 'multiLabel'],
      isGiven: data.multiLabel,
      tasks: ['text-classification'],
      says: 'lets a text have any number of classes',
    },
    {
      path: ['data', 'label'],
      isGiven: task === 'causal-lm' && data.label !== 'label',
      tasks: [],
      says: 'names what is to be predicted; causal-lm predicts the text itself',
    },
    {
      path: ['data', 'maxLength'],
      isGiven: data.maxLength !== 128,
      tasks: tokens,
      says: 'limits the tokens of a text',
    },
    ...cleanRules(data.clean),
    {
      path: ['pooling'],
      isGiven: pooling !== 'mean',
      tasks: ['text-classification'],
      says: 'makes one vector of a text',
    },
    {
      path: ['lora'],
      isGiven: lora !== undefined && tables.includes(task),
      tasks: [...tokens, 'image-classification'],
      says: 'adapts a pre-trained base',
    },
  ];
}

const classes: readonly Task[] = [
  'text-classification',
  'token-classification',
  'image-classification',
  'tabular-classification',
];

const cleanRules = (clean: Job['data']['clean']): readonly Rule[] => {
  const rule = (key: keyof typeof clean, tasks: readonly Task[], says: string): Rule => ({
    ...{ path: ['data', 'clean', key], isGiven: clean[key] !== undefined && clean[key] !== false, tasks, says },
  });
  return [
    rule('nearDuplicates', [...tokens, 'image-classification'], 'compares texts or images'),
    rule('unicode', tokens, 'is of texts'),
    rule('stripHtml', tokens, 'is of texts'),
    rule('dropControlCharacters', tokens, 'is of texts'),
    rule('length', tokens, 'is of texts'),
    rule('labels', classes, 'joins classes'),
    rule('missing', tables, 'fills cells of a table'),
    rule('outliers', tables, 'is of columns of numbers'),
    rule('minImageSide', ['image-classification'], 'is of images'),
  ];
};

export function taskProblems(job: Job): PlacedProblem[] {
  const { task } = job;
  const misplaced = rules(job)
    .filter(({ isGiven, tasks }) => isGiven && !tasks.includes(task))
    .map(({ path, tasks, says }): PlacedProblem => {
      const whose = tasks.length === 0 ? '' : `, which belongs to ${quotedList(tasks)}`;
      return { path, at: 'key', message: `${says}${whose}: leave it out for \`task: ${task}\`` };
    });
  return [...misplaced, ...modelProblems(job)];
}

function modelProblems({ task, model, mlp, lora, pretrained }: Job): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  const isTable = tables.includes(task);
  if (model === 'mlp' && !isTable) {
    const message = `expected a model for \`task: ${task}\`, found \`mlp\`, which learns from tables (${quotedList(tables)})`;
    problems.push({ path: ['model'], at: 'value', message });
  }
  if (mlp !== undefined && model !== 'mlp') {
    const message = `shapes \`model: mlp\`, found \`model: ${model}\`: leave it out, or set model to \`mlp\``;
    problems.push({ path: ['mlp'], at: 'key', message });
  }
  if (lora !== undefined && !isTable && !pretrained) {
    const message = 'adapts a pre-trained base, found `pretrained: false`: keep one or the other';
    problems.push({ path: ['lora'], at: 'key', message });
  }
  return problems;
}
