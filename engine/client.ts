/**
 * One engine process, as its worker sees it. Calls into libtensorflow block, it can crash or be killed for memory: in a
 * process of its own that is one failed activity and never the worker's death.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Fingerprint, Pinned, TrainProgress } from '../workflows/contract.js';
import { engineEnvironment } from './environment.js';
import { EngineDied, EngineFailure } from './failure.js';
import type { EngineRequests, FromEngine, RequestName, ToEngine } from './protocol.js';

export interface EngineOptions {
  readonly pinned: Pinned;
  /** Where the engine's own output goes: TensorFlow's warnings and crash messages. */
  readonly logFile: string;
  /** Whether the code of a model that is a module may run in it (docs/operations.md). */
  readonly allowModules: boolean;
  /** No message for this long while a request is under way: the engine hangs and is killed. */
  readonly hungAfterMs?: number;
}

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

const HUNG_AFTER_MS = 15 * 60_000;
const START_WITHIN_MS = 60_000;

export class Engine {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #underWay: RequestName[] = [];
  #last: Promise<void> = Promise.resolve();
  #nextId = 1;
  #lastHeardMs = performance.now();
  #died: EngineDied | null = null;
  readonly #watchdog: NodeJS.Timeout;
  readonly exited: Promise<void>;
  readonly #ready: Promise<Fingerprint>;
  onProgress: (progress: TrainProgress) => void = () => undefined;

  constructor({ pinned, logFile, allowModules, hungAfterMs = HUNG_AFTER_MS }: EngineOptions) {
    this.#child = fork(fileURLToPath(new URL('./host/main.js', import.meta.url)), {
      detached: true, // a terminal's Ctrl-C is the worker's to handle
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...engineEnvironment(pinned), TEMPER_ALLOW_MODULES: allowModules ? '1' : '0' },
    });
    const log = createWriteStream(logFile, { flags: 'a' });
    log.on('error', () => undefined); // a full disk must not end the worker for a line of a log
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve()); // it never ran: no exit will come
    });
    this.#ready = this.#waitUntilReady();
    this.#ready.catch(() => undefined); // whoever asks for the fingerprint hears of it
    this.#child.on('message', (message: FromEngine) => this.#receive(message));
    this.#child.once('error', (error) => this.#fail(`could not run: ${error.message}`));
    this.#child.once('exit', (code, signal) => {
      log.end();
      this.#fail(signal ? `was ended by ${signal}` : `exited with code ${code}`);
    });
    // The worker's heartbeats must go through while the engine computes on every core.
    if (this.#child.pid) lowerPriority(this.#child.pid);
    this.#watchdog = setInterval(() => {
      if (this.#waiting.size > 0 && performance.now() - this.#lastHeardMs > hungAfterMs) this.kill();
    }, 5_000).unref();
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get alive(): boolean {
    return this.#died === null;
  }

  fingerprint(): Promise<Fingerprint> {
    return this.#ready;
  }

  /**
   * One request at a time: the next one is sent when the one before it is done.
   * @throws EngineDied | EngineFailure
   */
  request<Name extends RequestName>(
    name: Name,
    input: EngineRequests[Name]['input'],
  ): Promise<EngineRequests[Name]['output']> {
    const sent = this.#last.then(() => this.#sendRequest(name, input));
    this.#underWay.push(name);
    this.#last = sent.then(
      () => void this.#underWay.shift(),
      () => void this.#underWay.shift(),
    );
    return sent;
  }

  /** Names of the requests that are not done yet, the first of them at work. */
  get underWay(): readonly RequestName[] {
    return this.#underWay;
  }

  #sendRequest<Name extends RequestName>(
    name: Name,
    input: EngineRequests[Name]['input'],
  ): Promise<EngineRequests[Name]['output']> {
    if (this.#died) return Promise.reject(this.#died);
    const id = this.#nextId++;
    this.#lastHeardMs = performance.now();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ kind: 'request', id, name, input });
    });
  }

  /** Asks a training request to end after its current step. */
  interrupt(): void {
    this.#send({ kind: 'interrupt' });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    if (this.alive) this.kill();
    await this.exited;
  }

  #send(message: ToEngine): void {
    if (!this.#child.connected) return;
    this.#child.send(message, (error) => {
      if (error) this.#fail(`does not listen: ${error.message}`);
    });
  }

  #receive(message: FromEngine): void {
    this.#lastHeardMs = performance.now();
    if (message.kind === 'progress') this.onProgress(message.progress);
    if (message.kind !== 'done' && message.kind !== 'failed') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'done') waiting?.resolve(message.output as never);
    else waiting?.reject(new EngineFailure(message.message, message.failure));
  }

  #waitUntilReady(): Promise<Fingerprint> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.kill(), START_WITHIN_MS).unref();
      this.#child.on('message', (message: FromEngine) => {
        if (message.kind !== 'ready') return;
        clearTimeout(late);
        resolve(message.fingerprint);
      });
      void this.exited.then(() => reject(this.#died ?? new EngineDied('the engine ended before it was ready')));
    });
  }

  #fail(what: string): void {
    this.#died ??= new EngineDied(`the engine (pid ${this.pid}) ${what}`);
    clearInterval(this.#watchdog);
    for (const { reject } of this.#waiting.values()) reject(this.#died);
    this.#waiting.clear();
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 5);
  } catch {
    // Not allowed, or gone already: then the exit handler speaks.
  }
}
