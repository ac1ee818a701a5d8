import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import importX from 'eslint-plugin-import-x';
import { createNodeResolver } from 'eslint-plugin-import-x';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

// The house: its rooms, and which of them may import values from which, dynamic imports included. Types of the
// contract and of the job may be imported by all. test/lint/arrows.test.ts shows that each arrow holds.
const rooms = [
  { type: 'contract', pattern: ['workflows/contract.ts', 'workflows/contract/**'] },
  { type: 'policies', pattern: 'workflows/policies/**' },
  { type: 'workflows', pattern: 'workflows/**' },
  { type: 'engine-protocol', pattern: ['engine/protocol*.ts', 'engine/protocol/**'] },
  { type: 'engine-host', pattern: ['engine/host*.ts', 'engine/host/**'] },
  { type: 'engine-client', pattern: 'engine/**' },
  ...['job', 'activities', 'training', 'models', 'data', 'search', 'storage', 'workers', 'cli', 'infra'].map(
    (room) => ({
      type: room,
      pattern: `${room}/**`,
    }),
  ),
  { type: 'outside', pattern: ['test/**', 'bench/**', 'examples/**', 'bin/**', '*.*'] },
].map((room) => ({ ...room, mode: 'full' }));

const everyRoomBut = (...closed) => rooms.map((room) => room.type).filter((type) => !closed.includes(type));

const arrows = {
  job: [],
  search: [],
  storage: [],
  contract: ['contract'],
  policies: ['contract'],
  workflows: ['contract', 'policies'],
  models: ['job'],
  data: ['job'],
  training: ['data', 'models', 'job'],
  'engine-protocol': [],
  'engine-client': ['engine-protocol'],
  'engine-host': ['engine-protocol', 'engine-client', 'training', 'data', 'models', 'job'],
  activities: ['engine-protocol', 'engine-client', 'data', 'models', 'search', 'storage', 'job', 'policies'],
  infra: ['storage', 'job'],
  workers: everyRoomBut('training', 'engine-host', 'outside'),
  cli: everyRoomBut('training', 'engine-host', 'outside'),
  outside: everyRoomBut(),
};

const importOf = (source) =>
  `:matches(ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration):not([importKind="type"], [exportKind="type"])[source.value=${source}], ImportExpression[source.value=${source}]`;

const hiddenImport = {
  selector: 'ImportExpression > :not(Literal).source',
  message: 'import() takes a plain string here, so that lint sees where the arrow points.',
};

const clockAndChance = [
  {
    object: 'Math',
    property: 'random',
    message: 'Every draw is f(seed, step, site): use training/counter-random.ts, so that a resumed run draws the same.',
  },
  {
    object: 'Date',
    property: 'now',
    message: 'A run may not depend on the clock. For how long something took use performance.now().',
  },
];

export default tseslint.config(
  { ignores: ['dist/', 'dist-*/', 'dev-*/', '.temper/', 'node_modules/', 'coverage/', 'data/kernels/*.as.ts'] },
  {
    files: ['**/*.{ts,js,mjs,cjs}'],
    extends: [js.configs.recommended, tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      eqeqeq: 'error',
      'no-undef': 'off', // the compiler's
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^node:'] }],
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['**/*.{ts,mjs,js}'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': rooms,
      'boundaries/root-path': import.meta.dirname,
      'boundaries/dependency-nodes': ['import', 'dynamic-import', 'export'],
      'import/resolver': { [fileURLToPath(new URL('eslint.resolver.cjs', import.meta.url))]: {} },
    },
    rules: {
      'boundaries/no-unknown-files': 'error',
      'boundaries/element-types': [
        'error',
        {
          default: 'disallow',
          message:
            '${file.type} may not import from ${dependency.type} (docs/architecture: the arrows, eslint.config.js).',
          rules: [
            { from: ['*'], importKind: 'type', allow: ['contract', 'job'] },
            { from: ['engine-protocol'], importKind: 'type', allow: ['data', 'models'] },
            ...Object.entries(arrows).map(([from, allow]) => ({ from: [from], allow: [from, ...allow] })),
          ],
        },
      ],
    },
  },
  {
    files: [
      'job/**',
      'workflows/**',
      'activities/**',
      'engine/**',
      'training/**',
      'models/**',
      'data/**',
      'search/**',
      'storage/**',
      'workers/**',
      'cli/**',
    ],
    rules: { 'no-restricted-syntax': ['error', hiddenImport] },
  },
  {
    files: ['training/**', 'data/**', 'models/**', 'engine/host*', 'engine/host/**'],
    rules: {
      'no-restricted-properties': ['error', ...clockAndChance],
      'no-restricted-syntax': [
        'error',
        hiddenImport,
        {
          selector: importOf('/^@temporalio\\u002f/'),
          message: 'Tensor and data code knows nothing of Temporal: the activities call it.',
        },
      ],
    },
  },
  {
    files: ['workflows/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        hiddenImport,
        { selector: importOf('/^node:/'), message: 'Workflow code is bundled and replayed: no I/O, no Node modules.' },
      ],
    },
  },
  { files: ['*.config.{js,ts}'], rules: { 'no-restricted-exports': 'off' } },
  { files: ['**/*.{js,mjs,cjs}', '*.ts'], extends: [tseslint.configs.disableTypeChecked] },
);
