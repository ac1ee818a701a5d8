import { cosPi } from '../../data/exact-math.js';

/** The cycle begins at the peak over this (fastai's and PyTorch's). */
const INITIAL_DIVISOR = 25;

/**
 * One cycle (Smith, 2018) as torch.optim.lr_scheduler.OneCycleLR has it, in two phases of half a cosine each: over `riseShare`
 * of the steps up from peak / 25, then down to peak · endFactor at the last step. The momentum stays.
 */
export function oneCycle(peak: number, step: number, totalSteps: number, riseShare: number, endFactor: number): number {
  const at = step - 1;
  const risen = Math.max(0, riseShare * totalSteps - 1);
  if (at < risen) return between(peak / INITIAL_DIVISOR, peak, at / risen);
  const falling = totalSteps - 1 - risen;
  return between(peak, peak * endFactor, falling > 0 ? Math.min(1, (at - risen) / falling) : 0);
}

/** Half a cosine from one value to another. */
const between = (start: number, end: number, share: number): number => end + ((start - end) / 2) * (1 + cosPi(share));
