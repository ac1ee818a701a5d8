import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, type FeedValues } from '../../training/compile/program.js';
import type { Feed } from '../../training/export/predictor.js';
import { inference } from '../../training/export/sketch.js';
import type { Model } from '../../training/model.js';
import { elementsOf as elements } from '../../models/safetensors-header.js';

/** A fixed wave in place of random weights. */
export const wave = (count: number, phase = 0, scale = 0.5): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => scale * Math.sin(0.61 * i * (1 + phase / 7) + phase + 1));

export const waves = (model: Model): Map<string, Float32Array> =>
  new Map(model.tensors.map(({ name, shape }, i) => [name, wave(elements(shape), i, 0.3)]));

/** What the step compiler says of these feeds: the figures that every published form must give. */
export function compiledOutputs(
  model: Model,
  values: ReadonlyMap<string, Float32Array>,
  feeds: Record<string, Feed>,
  rows: number,
  bucket: number,
): Float32Array {
  const program = compile({
    variables: new Map(model.tensors.map(({ name, shape }) => [name, shape])),
    functions: {
      predict: {
        inputs: model.inputs(rows, bucket),
        trace: (inputs, p) => ({
          outputs: { outputs: model.outputs(p, model.features(p, inputs, inference), inputs, inference) },
        }),
      },
    },
  });
  for (const [name, data] of values) program.assign(name, data);
  const flat = Object.entries(feeds).map(([name, { values }]): [string, FeedValues] => [name, values]);
  const { outputs } = program.run('predict', Object.fromEntries(flat));
  program.close();
  return outputs!;
}

/** Typed arrays as lists. */
export const asJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (ArrayBuffer.isView(part) ? Array.from(part as Float32Array) : part));

/** |found - expected| over the largest expected value. */
export function relativeDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) throw new Error(`expected ${expected.length} values, found ${found.length}`);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!))) / scale;
}

/** Runs `body` in a fresh folder, removed afterwards; with KEEP_EXPORTS in one of this name there, for test/references/exports_agree.py. */
export async function inFolder(name: string, body: (folder: string) => Promise<void>): Promise<void> {
  const kept = process.env['KEEP_EXPORTS'];
  if (kept) {
    mkdirSync(join(kept, name), { recursive: true });
    return body(join(kept, name));
  }
  const folder = mkdtempSync(join(tmpdir(), 'temper-export-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
