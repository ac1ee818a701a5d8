import type { Fingerprint } from '../../workflows/contract.js';
import type { Look } from '../runs/look.js';
import { counted } from './units.js';

/** Why a run that waits for a device goes on waiting; null when a host is free that it may go on at. */
export function freeHostsText({ freeHosts, status }: Pick<Look, 'freeHosts' | 'status'>): string | null {
  if (!freeHosts || freeHosts.fitting > 0) return null;
  const { boundTo } = status ?? {};
  if (!boundTo) return 'no device worker asks for work: all are busy, or none runs';
  if (freeHosts.others === 0)
    return `no device worker asks for work: all are busy, or none of ${classText(boundTo)} runs`;
  return `${counted(freeHosts.others, 'free host')} would give other bits (docs/exactness.md): a strict run goes on where it began, on ${classText(boundTo)}`;
}

const classText = ({ libtensorflow, stepCompiler, device, cpu, mathMode, hostClass }: Fingerprint): string =>
  `libtensorflow ${libtensorflow}, step compiler ${stepCompiler}, ${device === 'cpu' ? cpu : `${device}, ${cpu}`}, ${mathMode} (class ${hostClass.slice(0, 16)})`;
