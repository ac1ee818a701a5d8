import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

// The real configuration; only the rules that would need the compiler are off, since the snippets are no files.
const eslint = new ESLint({ overrideConfig: [{ ...tseslint.configs.disableTypeChecked, files: ['**/*.ts'] }] });

const complaints = async (filePath: string, code: string): Promise<string[]> => {
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).filter((m) => m.ruleId !== '@typescript-eslint/no-unused-vars').map((m) => m.message);
};

const refused: readonly (readonly [file: string, imported: string])[] = [
  ['job/snippet.ts', '../storage/errors.js'],
  ['workflows/snippet.ts', '../activities/train-epoch.js'],
  ['workflows/snippet.ts', '../job/schema.js'],
  ['workflows/policies/snippet.ts', '../fine-tune.js'],
  ['search/snippet.ts', '../data/split.js'],
  ['storage/snippet.ts', '../job/schema.js'],
  ['storage/s3/snippet.ts', '../../data/split.js'],
  ['models/snippet.ts', '../training/classifier.js'],
  ['models/snippet.ts', '../data/split.js'],
  ['data/snippet.ts', '../storage/errors.js'],
  ['data/snippet.ts', '../models/catalogue.js'],
  ['training/snippet.ts', '../storage/errors.js'],
  ['training/snippet.ts', '../engine/protocol.js'],
  ['engine/client.ts', './host.js'],
  ['engine/client.ts', '../training/classifier.js'],
  ['engine/protocol.ts', './client.js'],
  ['engine/host.ts', '../storage/errors.js'],
  ['engine/host/train.ts', '../../activities/train-epoch.js'],
  ['activities/snippet.ts', '../training/classifier.js'],
  ['activities/snippet.ts', '../engine/host.js'],
  ['activities/snippet.ts', '../workflows/fine-tune.js'],
  ['workers/snippet.ts', '../training/classifier.js'],
  ['workers/snippet.ts', '../engine/host/train.js'],
  ['cli/snippet.ts', '../training/classifier.js'],
  ['cli/snippet.ts', '../engine/host.js'],
  ['infra/snippet.ts', '../workflows/fine-tune.js'],
  ['infra/snippet.ts', '../cli/up.js'],
  ['infra/stack/snippet.ts', '../../training/classifier.js'],
];

const allowed: readonly (readonly [file: string, imported: string])[] = [
  ['workflows/snippet.ts', './policies/stop-early.js'],
  ['models/snippet.ts', '../job/schema.js'],
  ['data/snippet.ts', '../job/schema.js'],
  ['training/snippet.ts', '../data/split.js'],
  ['training/snippet.ts', '../models/catalogue.js'],
  ['engine/client.ts', './protocol.js'],
  ['engine/host.ts', '../training/classifier.js'],
  ['engine/host/train.ts', '../protocol.js'],
  ['activities/snippet.ts', '../engine/client.js'],
  ['activities/snippet.ts', '../workflows/policies/stop-early.js'],
  ['activities/snippet.ts', '../storage/errors.js'],
  ['workers/snippet.ts', '../activities/train-epoch.js'],
  ['cli/snippet.ts', '../infra/connection.js'],
  ['cli/snippet.ts', '../infra/parts.mjs'],
  ['cli/snippet.ts', '../infra/errors.js'],
  ['infra/snippet.ts', '../storage/errors.js'],
  ['test/snippet.ts', '../training/classifier.js'],
  ['bench/snippet.ts', '../engine/host.js'],
];

const arrow = /may not import from/;

describe('the arrows of the house', () => {
  it.each(refused)('%s may not import a value of %s', async (file, imported) => {
    expect(await complaints(file, `import { a } from '${imported}';\nconsole.log(a);\n`)).toContainEqual(
      expect.stringMatching(arrow),
    );
  });

  it.each(refused)('%s may not import %s dynamically, nor re-export from it', async (file, imported) => {
    for (const code of [
      `void import('${imported}');\n`,
      `export { a } from '${imported}';\n`,
      `export * from '${imported}';\n`,
    ])
      expect(await complaints(file, code), code).toContainEqual(expect.stringMatching(arrow));
  });

  it('an import() whose target lint cannot see is refused', async () => {
    const hidden = 'const where = "../training/classifier.js";\nvoid import(where);\n';
    expect(await complaints('cli/snippet.ts', hidden)).toContainEqual(expect.stringContaining('a plain string'));
    expect(await complaints('workers/snippet.ts', 'void import(`../training/classifier.js`);\n')).toContainEqual(
      expect.stringContaining('a plain string'),
    );
  });

  it.each(allowed)('%s may import %s', async (file, imported) => {
    expect(await complaints(file, `import { a } from '${imported}';\nconsole.log(a);\n`)).toEqual([]);
    expect(await complaints(file, `export const a = import('${imported}');\n`)).toEqual([]);
  });

  it.each([
    'job',
    'storage',
    'training',
    'data',
    'models',
    'search',
    'activities',
    'engine',
    'workers',
    'cli',
    'infra',
  ])('%s may import types of the contract and of the job', async (room) => {
    for (const source of ['../workflows/contract.js', '../job/schema.js'])
      expect(
        await complaints(`${room}/snippet.ts`, `import type { A } from '${source}';\nexport type B = A;\n`),
      ).toEqual([]);
  });

  it('a type of another room follows the arrows too', async () => {
    const code = "import type { A } from '../training/classifier.js';\nexport type B = A;\n";
    expect(await complaints('storage/snippet.ts', code)).toContainEqual(expect.stringMatching(arrow));
  });

  it('a file outside all rooms is refused', async () => {
    expect(await complaints('utils/snippet.ts', 'export const a = 1;\n')).not.toEqual([]);
  });
});

describe('what a room may not touch', () => {
  it.each(['training/snippet.ts', 'data/snippet.ts', 'models/snippet.ts', 'engine/host.ts', 'engine/host/train.ts'])(
    '%s uses neither the clock nor chance',
    async (file) => {
      expect(await complaints(file, 'export const a = Math.random();\n')).toContainEqual(
        expect.stringContaining('training/counter-random.ts'),
      );
      expect(await complaints(file, 'export const a = Date.now();\n')).toContainEqual(
        expect.stringContaining('performance.now()'),
      );
      expect(
        await complaints(file, "import { Context } from '@temporalio/activity';\nconsole.log(Context);\n"),
      ).toContainEqual(expect.stringContaining('Temporal'));
    },
  );

  it('workflow code imports no Node module', async () => {
    for (const code of [
      "import { readFileSync } from 'node:fs';\nconsole.log(readFileSync);\n",
      "void import('node:fs');\n",
    ])
      expect(await complaints('workflows/fine-tune.ts', code)).toContainEqual(
        expect.stringContaining('no Node modules'),
      );
  });

  it('a type is imported as a type', async () => {
    const code = "import { Job } from '../job/schema.js';\nexport type A = Job;\n";
    expect(await complaints('data/snippet.ts', code)).toContainEqual(expect.stringContaining('type'));
  });
});
