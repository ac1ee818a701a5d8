import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend, binding, type Tensor } from '../tensorflow.js';
import type { GraphBuilder, NodeRef } from './graph.js';

export interface GraphSession {
  /** Feeds tensors to placeholders, runs what the fetched nodes need, and returns their first outputs' values. */
  run(
    feeds: readonly { node: NodeRef; tensor: Tensor }[],
    fetches: readonly NodeRef[],
  ): (Float32Array | Int32Array | Uint8Array)[];
  close(): void;
}

/**
 * The binding opens graphs only as SavedModels from a folder, and it caches a folder by its path: hence a fresh one,
 * removed as soon as the session is open.
 */
export function openSession(graph: GraphBuilder): GraphSession {
  const folder = mkdtempSync(join(tmpdir(), 'temper-graph-'));
  let id: number;
  try {
    writeFileSync(join(folder, 'saved_model.pb'), graph.toSavedModel());
    id = binding.loadSavedModel(`${folder}/`, 'train');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    run(feeds, fetches) {
      const results = binding.runSavedModel(
        id,
        backend.getInputTensorIds(feeds.map(({ tensor }) => tensor)),
        feeds.map(({ node }) => `${node}:0`).join(','),
        fetches.map((node) => `${node}:0`).join(','),
      );
      return results.map(({ id: tensorId }) => {
        const values = binding.tensorDataSync(tensorId!);
        binding.deleteTensor(tensorId!);
        return values as Float32Array;
      });
    },
    close: () => binding.deleteSavedModel(id),
  };
}
