import { readFile } from 'node:fs/promises';
import type { SourcePart } from '../../data/prepare/parts.js';
import { fetchFile, putContent } from '../../storage/content.js';
import { dataPlanKey } from '../../storage/layout.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { DataContext, DataPlanRef, Sha256 } from '../../workflows/contract.js';
import type { ActivityDependencies } from '../dependencies.js';
import type { StoredSourceFile } from '../source/stored.js';
import type { FileHead } from './file-head.js';

export interface PlannedFile extends StoredSourceFile {
  /** null: a part cannot be read without the whole file. */
  readonly head: FileHead | null;
}

/** All that the stages after the cut are functions of: workers whose settings differ make the same of it. */
export interface DataPlan {
  /** Of the data set. */
  readonly digest: Sha256;
  readonly context: DataContext;
  readonly imageSize: number | null;
  readonly shardRows: number | null;
  readonly files: readonly PlannedFile[];
  readonly parts: readonly SourcePart[];
}

type Stores = Pick<ActivityDependencies, 'store' | 'cacheFolder'>;

export async function storePlan({ store }: Stores, plan: DataPlan, options: CallOptions): Promise<DataPlanRef> {
  const text = new TextEncoder().encode(JSON.stringify(plan));
  const file = await putContent(store, dataPlanKey, text, { ...options, name: 'plan.json' });
  return { file, parts: plan.parts.length };
}

/** Its digest says that it is as storePlan wrote it. */
export async function readPlan(
  { store, cacheFolder }: Stores,
  { file }: DataPlanRef,
  options: CallOptions,
): Promise<DataPlan> {
  return JSON.parse(await readFile(await fetchFile(store, file, cacheFolder, options), 'utf8')) as DataPlan;
}
