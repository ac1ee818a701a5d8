/**
 * One engine process, as its worker sees it. Calls into libtensorflow block, it can crash or be killed for memory: in a
 * process of its own that is one failed activity and never the worker's death. One that hangs is killed (watchdog.ts).
 */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fingerprint, Pinned, TrainProgress } from '../workflows/contract.js';
import { readBlackBox } from './black-box.js';
import { keepOutput, type ChildOutput } from './child-output.js';
import { EngineDied, EngineFailure } from './failure.js';
import { processUse } from './process-use.js';
import type { EngineRequests, FromEngine, RequestName, StateOnDisk, ToEngine } from './protocol.js';
import { spawnEngine } from './spawn.js';
import { hangSentence, Watchdog, type Hang } from './watchdog.js';

export interface EngineOptions {
  readonly pinned: Pinned;
  /** Where the engine's own output goes: TensorFlow's warnings and crash messages. */
  readonly logFile: string;
  /** Whether the code of a model that is a module may run in it (docs/operations.md). */
  readonly allowModules: boolean;
  /** What the times follow from after which an engine without progress is killed (watchdog.ts). */
  readonly patienceMs?: number | undefined;
  /** The same until it is ready; left out: `patienceMs`. */
  readonly startPatienceMs?: number | undefined;
}

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

export interface TrainedAhead extends Omit<EngineRequests['trainAhead']['output'], 'state'> {
  readonly saved: Promise<StateOnDisk>;
}

/** Of these an engine shows progress by what it does; of others it is enough that its event loop turns. */
const PROVEN_BY_PROGRESS: ReadonlySet<RequestName> = new Set<RequestName>([
  ...(['load', 'restore', 'train', 'trainAhead', 'findRate', 'computeFeatures', 'evaluate', 'declareModule'] as const),
]);
const LOOK_EVERY_MS = 1_000;
/** A killed process that does not go (a driver that does not answer) is not waited for longer. */
const GONE_WITHIN_MS = 15_000;

export class Engine {
  readonly #child: ChildProcess;
  readonly #output: ChildOutput;
  readonly #blackBox: string;
  readonly #watchdog: Watchdog;
  readonly #looking: NodeJS.Timeout;
  readonly #waiting = new Map<number, Waiting>();
  readonly #underWay: RequestName[] = [];
  /** States that are written while training goes on, by folder. */
  readonly #writing = new Map<string, Waiting>();
  #last: Promise<void> = Promise.resolve();
  #nextId = 1;
  #lastLookMs = performance.now();
  #died: EngineDied | null = null;
  #unwanted = false;
  readonly #ready: Promise<Fingerprint>;
  #start: { readonly done: (fingerprint: Fingerprint) => void; readonly failed: (error: Error) => void } | null = null;
  readonly exited: Promise<void>;
  onProgress: (progress: TrainProgress) => void = () => undefined;

  constructor({ pinned, logFile, allowModules, patienceMs, startPatienceMs }: EngineOptions) {
    this.#blackBox = join(dirname(logFile), `step-${randomUUID()}.json`);
    this.#watchdog = new Watchdog(patienceMs, startPatienceMs);
    this.#child = spawnEngine({ pinned, allowModules, blackBox: this.#blackBox });
    this.#output = keepOutput(this.#child, logFile);
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve()); // it never ran: no exit will come
    });
    this.#ready = new Promise((done, failed) => (this.#start = { done, failed }));
    this.#ready.catch(() => undefined); // whoever asks for the fingerprint hears of it
    this.#child.on('message', (message: FromEngine) => this.#receive(message));
    this.#child.once('error', (error) => this.#fail(`could not run: ${error.message}`));
    this.#child.once('exit', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `exited with code ${code}`;
      void this.#output.end().then(() => this.#fail(how));
    });
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get alive(): boolean {
    return this.#died === null && this.#child.exitCode === null && this.#child.signalCode === null;
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

  async #sendRequest<Name extends RequestName>(
    name: Name,
    input: EngineRequests[Name]['input'],
  ): Promise<EngineRequests[Name]['output']> {
    if (this.#start) await this.#ready;
    if (this.#died) throw this.#died;
    const id = this.#nextId++;
    this.#watchdog.begin(name);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ kind: 'request', id, name, input });
    });
  }

  /**
   * Trains. `saved` is the state where it ended, which may still be written when the next request is served: see `trainAhead`.
   * @throws EngineDied | EngineFailure
   */
  async trainAhead(input: EngineRequests['train']['input']): Promise<TrainedAhead> {
    const { folder } = input;
    const saved = new Promise<StateOnDisk>((resolve, reject) => this.#writing.set(folder, { resolve, reject }));
    saved.catch(() => undefined); // whoever asks for it hears of it
    try {
      const { state, ...answer } = await this.request('trainAhead', input);
      if (state) this.#written(folder)?.resolve(state as never);
      return { ...answer, saved };
    } catch (error) {
      this.#written(folder);
      throw error;
    }
  }

  /** That state is waited for no longer. */
  #written(folder: string): Waiting | undefined {
    const writing = this.#writing.get(folder);
    this.#writing.delete(folder);
    if (this.#writing.size === 0 && this.#waiting.size === 0) this.#watchdog.begin(null);
    return writing;
  }

  /** Asks a training request to end after its current step. */
  interrupt(): void {
    this.#send({ kind: 'interrupt' });
  }

  /** Nobody wants what it may still compute. */
  kill(): void {
    this.#unwanted = true;
    this.#child.kill('SIGKILL');
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    this.kill();
    await Promise.race([this.exited, pause(GONE_WITHIN_MS, undefined, { ref: false })]);
  }

  #send(message: ToEngine): void {
    if (!this.#child.connected) return;
    this.#child.send(message, (error) => {
      if (error) this.#fail(`does not listen: ${error.message}`);
    });
  }

  #receive(message: FromEngine): void {
    switch (message.kind) {
      case 'ready':
        this.#watchdog.begin(null);
        this.#start?.done(message.fingerprint);
        this.#start = null;
        return;
      case 'progress':
        this.#watchdog.reported(message.progress, performance.now());
        this.onProgress(message.progress);
        return;
      case 'beat':
        this.#watchdog.progressed();
        return;
      case 'alive':
        if (!this.#provesItself) this.#watchdog.progressed();
        return;
      case 'saved':
        this.#written(message.folder)?.resolve(message.state as never);
        return;
      case 'not-saved':
        this.#written(message.folder)?.reject(new EngineFailure(message.message, message.failure));
        return;
      default:
        this.#answered(message);
    }
  }

  /** Whether it is at something that shows progress: then a turning event loop is no sign of any. */
  get #provesItself(): boolean {
    const [first] = this.#underWay;
    return first ? PROVEN_BY_PROGRESS.has(first) : this.#writing.size > 0;
  }

  #answered(message: FromEngine & { readonly kind: 'done' | 'failed' }): void {
    this.#watchdog.begin(this.#writing.size > 0 ? 'trainAhead' : null);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'done') waiting?.resolve(message.output as never);
    else waiting?.reject(new EngineFailure(message.message, message.failure));
  }

  #look(): void {
    const nowMs = performance.now();
    const hang = this.#watchdog.tick(nowMs - this.#lastLookMs, processUse(this.pid));
    this.#lastLookMs = nowMs;
    if (!hang) return;
    this.#child.kill('SIGKILL');
    this.#fail(hang); // at once: a process that a driver holds does not even die
  }

  #fail(how: string | Hang): void {
    if (this.#died) return;
    const inBox = readBlackBox(this.#blackBox);
    const during = this.#unwanted ? null : inBox; // no step is to blame
    const doing = during
      ? `step ${during.step}`
      : (this.#underWay[0] ?? (this.#writing.size > 0 ? 'saving' : 'its start'));
    const what = typeof how === 'string' ? (during ? `${how} at ${doing}` : how) : hangSentence(how, doing);
    const silentMs = typeof how === 'string' ? 0 : Math.round(how.silentMs);
    this.#died = new EngineDied(`the engine (pid ${this.pid}) ${what}`, during, this.#output.lastLines(), silentMs);
    clearInterval(this.#looking);
    this.#start?.failed(this.#died);
    for (const { reject } of [...this.#waiting.values(), ...this.#writing.values()]) reject(this.#died);
    this.#waiting.clear();
    this.#writing.clear();
  }
}
