// `npm run build`: TypeScript to dist/, and the workflows bundled ahead of time, so that a worker starts at once and
// does not carry a bundler. Each step is skipped when nothing that it reads has changed.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { changedSince, removeOrphanedOutputs, sourceFiles } from './build/inputs.mjs';
import { importClosure } from './build/import-closure.mjs';
import { SetupError } from './parts/errors.mjs';
import { repositoryRoot } from './parts/root.mjs';
import { runTool } from './parts/tool.mjs';
import { asProgram, stopToolsWithUs } from './setup.mjs';
import { withLock } from './setup/lock.mjs';

const out = process.stderr;

/** @param {string} root */
const compile = async (root) => {
  const stamp = changedSince(join(root, 'dist', '.compiled'), sourceFiles(root));
  if (stamp === undefined) return;
  out.write('Compiling TypeScript...\n');
  removeOrphanedOutputs(root);
  await runTool(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], {
    cwd: root,
    failure: 'TypeScript found errors (see all of them with `npx tsc -p . --noEmit`).',
  });
  stamp.write();
};

/** @param {string} root */
const bundleWorkflows = async (root) => {
  const entry = join(root, 'dist', 'workflows', 'index.js');
  const bundle = join(root, 'dist', 'workflow-bundle.js');
  const inputs = [...importClosure(entry), join(root, 'package-lock.json')];
  const stamp = changedSince(`${bundle}.inputs`, inputs);
  if (stamp === undefined && existsSync(bundle)) return;
  out.write('Bundling the workflows...\n');
  const worker = /** @type {typeof import('@temporalio/worker')} */ (
    createRequire(join(root, 'package.json'))('@temporalio/worker')
  );
  const quiet = new worker.DefaultLogger('WARN', ({ level, message }) => out.write(`${level} ${message}\n`));
  const { code } = await worker.bundleWorkflowCode({ workflowsPath: entry, logger: quiet });
  writeFileSync(`${bundle}.${process.pid}`, code);
  renameSync(`${bundle}.${process.pid}`, bundle); // a worker that starts meanwhile reads the old one or the new one
  stamp?.write();
};

/** Builds what changed; two builds of one checkout take turns. */
export const build = () =>
  withLock('build', async () => {
    const root = repositoryRoot();
    if (!existsSync(join(root, 'node_modules', 'typescript'))) {
      throw new SetupError('The npm packages are not installed yet: run `npm run setup` first.', { exitCode: 2 });
    }
    mkdirSync(join(root, 'dist'), { recursive: true });
    await compile(root);
    await bundleWorkflows(root);
  });

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  stopToolsWithUs();
  await asProgram(build);
}
