import type { S3Credentials } from './credentials.js';
import type { StackEvent } from './events.js';
import type { StackFolder } from './folder.js';
import type { PortName, Ports } from './ports.js';
import type { WorkerSpec } from './workers.js';

export interface StackOptions {
  readonly folder: string;
  readonly binaries: { readonly temporal: string; readonly versitygw: string };
  readonly workers: readonly WorkerSpec[];
  /** Ports the user named; the others are those of last time, or free ones. */
  readonly ports?: Partial<Record<PortName, number>>;
  readonly graceSeconds?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly onEvent: (event: StackEvent) => void;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

export interface StackConnection {
  readonly folder: StackFolder;
  readonly address: string;
  readonly namespace: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly credentials: S3Credentials;
}

export interface Stack {
  readonly connection: StackConnection;
  readonly uiUrl: string;
  readonly ports: Ports;
  /** All workers have said that they poll. */
  readonly workersReady: Promise<void>;
  /** Workers first, with their grace, then Temporal, then S3. `now`: all at once, also while a stop is under way. */
  stop(how?: { now?: boolean }): Promise<void>;
  /** Resolves when the stack has stopped, whoever asked for it. */
  readonly finished: Promise<void>;
}

export const defaultGraceSeconds = 60;
