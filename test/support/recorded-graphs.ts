import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { STEP_COMPILER_VERSION } from '../../training/compile/program.js';
import { deviceKind } from '../../training/tensorflow.js';

const path = join(repositoryRoot(), 'test', 'fixtures', 'graphs.json');
const schema = z.strictObject({ stepCompiler: z.string(), graphs: z.record(z.string(), z.string()) });

/** Of each case of exact-cases.ts the digest of its graph, as this version of the step compiler makes it; none of another version. */
export async function recordedGraphs(): Promise<ReadonlyMap<string, string>> {
  const { stepCompiler, graphs } = schema.parse(JSON.parse(await readFile(path, 'utf8')));
  return new Map(stepCompiler === STEP_COMPILER_VERSION ? Object.entries(graphs) : []);
}

export async function recordGraphs(graphs: ReadonlyMap<string, string>): Promise<void> {
  if (deviceKind() !== 'cpu') throw new Error('the graphs on record are those of a CPU');
  const record = { stepCompiler: STEP_COMPILER_VERSION, graphs: Object.fromEntries(graphs) };
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
}
