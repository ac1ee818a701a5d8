import { describeShape, jobShape, shapesAt, type Shape } from './schema-shape.js';

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
${[...new Map(rowsOf(jobShape(), '').reverse()).values()].reverse().join('\n')}
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

\`data.split\` has either \`column\`, or fractions, which sum to 1, alone or with \`by\` and \`key\`, or \`folds\` and \`fold\`. \`freeze\` is one of four: \`none\`, \`all\`,
\`{ train: [patterns] }\` or \`{ freeze: [patterns] }\`.
`;

/** Key and row of the table; several branches of a union may have the same key. */
function rowsOf(shape: Shape, path: string): [string, string][] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, child]) => {
    const key = path === '' ? name : `${path}.${name}`;
    const sections = [child, ...(child.anyOf ?? [])].filter((branch) => branch.properties !== undefined);
    const required = shape.required?.includes(name) ?? false;
    return [
      [key, rowOf(key, child, required, path)] as [string, string],
      ...sections.flatMap((section) => rowsOf(section, key)),
    ];
  });
}

function rowOf(key: string, shape: Shape, required: boolean, parent: string): string {
  const branches = shapesAt(key.split('.'));
  const type =
    shape.properties !== undefined ? 'section' : describeShape(branches.length > 1 ? { anyOf: branches } : shape);
  const given = shape.default;
  const unset = parent === 'freeze' || parent === 'data.split' ? '' : required ? '**required**' : '';
  const value = given === undefined || isEmpty(given) ? unset : `\`${String(given)}\``;
  return `| \`${key}\` | ${type.replaceAll('|', '\\|')} | ${value} | ${shape.description ?? ''} |`;
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
