/** Clocks and disks of a world's hosts, such that a test can spoil them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../../../infra/parts/root.mjs';
import { scratchOf } from './host.js';
import { smallDisk, type SmallDisk } from './small-disk.js';
import type { World } from './world.js';

const DISK_MIB = 96;

const preload = (name: string) => pathToFileURL(join(repositoryRoot(), 'test', 'support', 'faults', name)).href;

export class Machines {
  /** Of the device hosts, in their order. */
  readonly disks: SmallDisk[] = [];
  readonly #clocks = new Map<string, string>();

  /** For the worker of that name. */
  readonly env = (name: string, directory: string): Record<string, string> => {
    const clock = join(directory, `clock-${name}`);
    writeFileSync(clock, '0');
    this.#clocks.set(name, clock);
    const options = [`--import=${preload('clock-preload.mjs')}`];
    let disk: SmallDisk | null = null;
    if (name !== 'control') {
      const scratch = scratchOf(directory, name);
      mkdirSync(scratch, { recursive: true });
      this.disks.push((disk = smallDisk(scratch, join(directory, `full-${name}`), DISK_MIB)));
      if (disk.preload) options.push(`--import=${preload(disk.preload)}`);
    }
    return { NODE_OPTIONS: options.join(' '), TEMPER_FAULT_CLOCK: clock, ...disk?.env };
  };

  /** Puts a host's clock off, its engines' too. */
  setClock(world: World, host: string, offsetMs: number): void {
    writeFileSync(this.#clocks.get(host)!, String(offsetMs));
    world.signal(host, 'SIGUSR2');
    world.signal(`engine of ${host}`, 'SIGUSR2');
  }

  remove(): void {
    for (const disk of this.disks) disk.remove();
  }
}
