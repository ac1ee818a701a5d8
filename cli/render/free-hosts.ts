import type { Fingerprint } from '../../workflows/contract.js';
import { shortClass } from '../../workflows/handlers.js';
import type { Look } from '../runs/look.js';
import { counted } from './units.js';

export interface Wait {
  readonly why: string;
  /** The class of hosts that a strict run goes on at, in words. */
  readonly boundTo: string | null;
}

const ASKS = 'asks for work: all are busy, no engine starts there, or none runs';

/** Why a run that waits for a device may wait for long; null when a host asks for work that it may go on at. */
export function waitOf({ freeHosts, status }: Pick<Look, 'freeHosts' | 'status'>): Wait | null {
  if (status?.stage !== 'wait-for-device' || !freeHosts || freeHosts.fitting > 0) return null;
  const { boundTo } = status;
  if (!boundTo) return { why: `no device worker ${ASKS}`, boundTo: null };
  const others = freeHosts.others === 0 ? '' : `; ${counted(freeHosts.others, 'free host')} would give other bits`;
  return {
    why: `no host of the run's class ${ASKS}${others}`,
    boundTo: classText(boundTo),
  };
}

const classText = ({ libtensorflow, stepCompiler, device, cpu, mathMode, hostClass }: Fingerprint): string =>
  `class ${shortClass(hostClass)}: libtensorflow ${libtensorflow}, step compiler ${stepCompiler}, ` +
  `${device === 'cpu' ? cpu : `${device}, ${cpu}`}, ${mathMode}, and the variables it began with (docs/exactness.md)`;
