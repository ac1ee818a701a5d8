/** The engine: a process that owns libtensorflow and serves one worker over its IPC channel. */
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { DataError } from '../../data/data-error.js';
import { ModelError } from '../../models/model-error.js';
import { NonFiniteLoss } from '../../training/train-segment.js';
import { openBlackBox } from '../black-box.js';
import type { EngineFailureKind, FromEngine, ToEngine } from '../protocol.js';
import { fingerprint } from './fingerprint.js';
import { createHandlers } from './handlers.js';
import { proveDevice } from './prove-device.js';
import { Workbench } from './workbench.js';

const blackBox = z.string().parse(process.env['TEMPER_BLACK_BOX']);
const send = (message: FromEngine) => void process.send?.(message);

// Whoever started us decides when we end: a terminal's Ctrl-C is the worker's to handle.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => {
  rmSync(blackBox, { force: true }); // the worker is gone: nobody will read it
  process.exit(0);
});

const threads = z.coerce.number().int().positive();
const pinned = {
  intraOpThreads: threads.parse(process.env['TF_NUM_INTRAOP_THREADS']),
  interOpThreads: threads.parse(process.env['TF_NUM_INTEROP_THREADS']),
  ...(process.env['NVIDIA_TF32_OVERRIDE'] === '1' && { tf32: true }),
};

const workbench = new Workbench(
  (progress) => send({ kind: 'progress', progress }),
  process.env['TEMPER_ALLOW_MODULES'] === '1',
  () => send({ kind: 'beat' }),
  openBlackBox(blackBox),
  (folder, saved) =>
    void saved.then(
      (state) => send({ kind: 'saved', folder, state }),
      (error: unknown) => send({ kind: 'not-saved', folder, ...failureOf(error) }),
    ),
);
const handlers = createHandlers(workbench);

const isUserError = (error: unknown) => [ModelError, DataError, NonFiniteLoss].some((kind) => error instanceof kind);

function failureOf(error: unknown): { readonly failure: EngineFailureKind; readonly message: string } {
  if (!(error instanceof Error)) return { failure: 'defect', message: String(error) };
  if (isUserError(error)) return { failure: 'user', message: error.message };
  console.error(error); // where it happened is for the engine's log, not for whoever reads how a run stands
  return { failure: 'defect', message: String(error) };
}

process.on('message', (message: ToEngine) => {
  if (message.kind === 'interrupt') {
    workbench.interrupted = true;
    return;
  }
  const { id, name, input } = message;
  handlers[name](input as never).then(
    (output) => send({ kind: 'done', id, output }),
    (error: unknown) => {
      workbench.blackBox.clear(); // the step failed, the engine lives
      send({ kind: 'failed', id, ...failureOf(error) });
    },
  );
});

const ALIVE_EVERY_MS = 10_000;
setInterval(() => send({ kind: 'alive' }), ALIVE_EVERY_MS).unref();

proveDevice();
send({ kind: 'ready', fingerprint: fingerprint(pinned) });
