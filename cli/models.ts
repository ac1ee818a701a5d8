import { Command } from 'commander';
import { catalogue, catalogueEntry, type CatalogueEntry } from '../models/catalogue.js';
import { ModelError } from '../models/model-error.js';
import { CliError } from '../infra/errors.js';
import { renderTable } from './render/table.js';

const help = `
Models of your own are named by where they are: file:FOLDER, file:MODEL.keras, module:FILE.mjs (docs/own-models.md).

Examples:
  $ temper models list
  $ temper models show minilm-l6`;

export const models = (): Command =>
  new Command('models')
    .description('The base models that a job can name')
    .addCommand(
      new Command('list')
        .description('List them')
        .option('--json', 'one JSON array', false)
        .action(({ json }: { json: boolean }) => {
          console.log(json ? JSON.stringify(catalogue) : renderTable(columns, catalogue).join('\n'));
        }),
    )
    .addCommand(
      new Command('show')
        .description('What one is good for, and what it reached')
        .argument('<name>', 'its name (`temper models list`)')
        .option('--json', 'one JSON object', false)
        .action((name: string, { json }: { json: boolean }) => {
          const entry = entryNamed(name);
          console.log(json ? JSON.stringify(entry) : renderModel(entry).join('\n'));
        }),
    )
    .addHelpText('after', help);

function entryNamed(name: string): CatalogueEntry {
  try {
    return catalogueEntry(name);
  } catch (error) {
    if (error instanceof ModelError) throw new CliError(error.message, undefined, { cause: error });
    throw error;
  }
}

const parametersOf = ({ parameters }: CatalogueEntry): string =>
  parameters === 0 ? 'by the job' : `${(parameters / 1e6).toFixed(1)} M`;

const columns = [
  { title: 'NAME', value: ({ name }: CatalogueEntry) => name },
  { title: 'FAMILY', value: ({ family }: CatalogueEntry) => family },
  { title: 'PARAMETERS', right: true, value: parametersOf },
  { title: 'LICENCE', value: ({ licence }: CatalogueEntry) => licence },
  { title: 'TASKS', value: ({ tasks }: CatalogueEntry) => tasks.join(', ') },
] as const;

export function renderModel(entry: CatalogueEntry): string[] {
  const { name, title, family, tasks, languages, maxTokens, imageSize, licence, fit, benchmarks } = entry;
  const facts = [
    ['family', family],
    ['tasks', tasks.join(', ')],
    ['languages', languages.join(', ')],
    ['parameters', parametersOf(entry)],
    ['tokens', maxTokens === undefined ? '' : `at most ${maxTokens}`],
    ['images', imageSize === undefined ? '' : `${imageSize} x ${imageSize} pixels`],
    ['licence', licence],
  ].filter(([, fact]) => fact !== '');
  const reached = benchmarks.map(
    ({ dataset, metric, value, setting }) => `  ${metric} ${value} on ${dataset} (${setting})`,
  );
  return [
    `${name}: ${title}`,
    ...facts.map(([what, fact]) => `  ${what!.padEnd(10)}  ${fact}`),
    fit,
    ...(reached.length > 0 ? ['Reached:', ...reached] : []),
  ];
}
