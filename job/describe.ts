import { describeShape, jobShape, type Shape } from './schema-shape.js';

/** Name of the schema, for editors and for `# yaml-language-server: $schema=…`. */
const SCHEMA_ID = 'urn:temper:job:1';

/** docs/job.schema.json: what a user may write, as JSON Schema 2020-12. */
export function jobJsonSchema(): string {
  const schema = { ...jobShape(), $id: SCHEMA_ID, title: 'Temper job', description: 'A fine-tuning run of Temper.' };
  const { $schema, $id, title, description, ...rest } = schema as typeof schema & { $schema: string };
  return `${JSON.stringify({ $schema, $id, title, description, ...rest }, null, 2)}\n`;
}

/** docs/job.md: every key with its type, default and meaning. */
export function jobReference(): string {
  return `${preamble}
| key | type | default | meaning |
| --- | --- | --- | --- |
${rowsOf(jobShape(), '').join('\n')}
`;
}

const preamble = `# The job file

<!-- Generated from job/schema.ts by \`node dist/job/generate-docs.js\`. -->

A job is a YAML or JSON file. Unknown keys, wrong types and impossible values are refused before anything starts, each
with its line, what was expected, what was found and the nearest valid name.

Editors complete and check a job by the JSON Schema beside this page: begin the file with the line
\`# yaml-language-server: $schema=PATH/TO/docs/job.schema.json\`.

\`\`\`yaml
name: glosses
task: text-classification
model: minilm-l6
data:
  source: glosses.jsonl
  text: gloss
  label: topic
  split: { column: split }
freeze: none
train: { epochs: 2, batchSize: 32, learningRate: 1e-4 }
checkpoint: { everyMinutes: 5 }
seed: 7
\`\`\`

\`data.split\` has either \`column\`, or the fractions, which sum to 1. \`freeze\` is one of four: \`none\`, \`all\`,
\`{ train: [patterns] }\` or \`{ freeze: [patterns] }\`.
`;

function rowsOf(shape: Shape, path: string): string[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, child]) => {
    const key = path === '' ? name : `${path}.${name}`;
    const sections = [child, ...(child.anyOf ?? [])].filter((branch) => branch.properties !== undefined);
    const required = shape.required?.includes(name) ?? false;
    return [rowOf(key, child, required, path), ...sections.flatMap((section) => rowsOf(section, key))];
  });
}

function rowOf(key: string, shape: Shape, required: boolean, parent: string): string {
  const type = shape.properties === undefined ? describeShape(shape) : 'section';
  const given = shape.default;
  const unset = parent === 'freeze' || key === 'data.split.column' ? '' : required ? '**required**' : '';
  const value = given === undefined || isEmpty(given) ? unset : `\`${String(given)}\``;
  return `| \`${key}\` | ${type.replaceAll('|', '\\|')} | ${value} | ${shape.description ?? ''} |`;
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
