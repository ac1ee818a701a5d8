import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineDesk } from '../activities/dependencies.js';
import { deskOf } from '../activities/engine-desk.js';
import { Engine } from '../engine/client.js';
import type { Fingerprint, Pinned, RunId } from '../workflows/contract.js';

/** How long an engine whose session was lost is kept for its run: the server may come back within. */
const KEEP_MS = 60_000;
/** Engines that may fail to start, one after another, before the device is taken for dead. */
const STARTS = 3;

/** The engines of one worker process: one in use per session, one spare that is warm, and some kept for a lost run. */
export class EnginePool {
  readonly #kept = new Map<RunId, { desk: EngineDesk; pinned: Pinned; timer: NodeJS.Timeout }>();
  readonly #all = new Set<Engine>();
  #spare: { desk: EngineDesk; pinned: Pinned } | null = null;

  constructor(
    readonly logFolder: string,
    readonly allowModules: boolean,
    readonly patienceMs: number,
  ) {
    mkdirSync(logFolder, { recursive: true });
  }

  /** Starts an engine ahead of the first session: loading libtensorflow takes a second or two. Rejects when it does not start. */
  async warmUp(pinned: Pinned): Promise<Fingerprint> {
    const { engine } = (this.#spare ??= { desk: this.#spawn(pinned), pinned }).desk;
    try {
      return await engine.fingerprint();
    } catch (error) {
      this.#spare = null;
      await this.#end(engine);
      throw error;
    }
  }

  /** An engine that has started. @throws EngineDied when none does in several tries. */
  async acquire(run: RunId, pinned: Pinned): Promise<EngineDesk> {
    for (let tries = 1; ; tries++) {
      const desk = await this.#acquire(run, pinned);
      try {
        await desk.engine.fingerprint();
        return desk;
      } catch (error) {
        await this.#discard(desk);
        if (tries === STARTS) throw error;
      }
    }
  }

  async #acquire(run: RunId, pinned: Pinned): Promise<EngineDesk> {
    const kept = this.#kept.get(run);
    if (kept) {
      clearTimeout(kept.timer);
      this.#kept.delete(run);
      if (kept.desk.engine.alive && same(kept.pinned, pinned)) return kept.desk;
      await this.#discard(kept.desk);
    }
    const spare = this.#spare;
    this.#spare = null;
    if (spare?.desk.engine.alive && same(spare.pinned, pinned)) return spare.desk;
    if (spare) await this.#end(spare.desk.engine);
    return this.#spawn(pinned);
  }

  /** The session is over. With `keep` its engine waits for the run to come back, still computing what it was at. */
  async release(run: RunId, pinned: Pinned, desk: EngineDesk, keep: boolean): Promise<void> {
    desk.owner = null;
    // Anything but training is half done for nobody: its engine's state cannot be known.
    const onlyTrains = desk.engine.underWay.every((name) => name === 'trainAhead');
    if (!keep || !desk.engine.alive || !onlyTrains) return this.#discard(desk);
    const timer = setTimeout(() => {
      this.#kept.delete(run);
      void this.#discard(desk);
    }, KEEP_MS).unref();
    this.#kept.set(run, { desk, pinned, timer });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((engine) => this.#end(engine)));
  }

  #spawn(pinned: Pinned): EngineDesk {
    const engine = new Engine({
      pinned,
      logFile: join(this.logFolder, `engine-${process.pid}.log`),
      allowModules: this.allowModules,
      patienceMs: this.patienceMs,
    });
    this.#all.add(engine);
    const desk = deskOf(engine);
    engine.onProgress = (progress) => (desk.progress = progress);
    return desk;
  }

  /** Ends the engine and removes what it left on the disk that nobody will upload. */
  async #discard(desk: EngineDesk): Promise<void> {
    await this.#end(desk.engine);
    await Promise.all([...desk.snapshots.keys()].map((folder) => rm(folder, { recursive: true, force: true })));
  }

  async #end(engine: Engine): Promise<void> {
    await engine.close();
    this.#all.delete(engine);
  }
}

const same = (a: Pinned, b: Pinned) =>
  a.intraOpThreads === b.intraOpThreads && a.interOpThreads === b.interOpThreads && a.tf32 === b.tf32;
