import type { StepUnderWay } from './black-box.js';
import type { EngineFailureKind } from './protocol.js';

/** The engine said no. `user`: its message is for the user, and trying again cannot help. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  constructor(
    message: string,
    readonly kind: EngineFailureKind,
  ) {
    super(message);
  }
}

/** The engine's process is gone, or was killed because it hung. Its state is lost; the last checkpoint is not. */
export class EngineDied extends Error {
  override readonly name = 'EngineDied';
  constructor(
    message: string,
    /** The step it was at; null: none. */
    readonly during: StepUnderWay | null = null,
    /** The last lines of its stderr. */
    readonly said: readonly string[] = [],
    /** How long it had shown no progress when it was given up; 0: it died by itself. */
    readonly silentMs = 0,
  ) {
    super(message);
  }
}
