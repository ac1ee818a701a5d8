/** Asked of steps.ts in place of steps: the ms that it took before the first. */
export const LOAD = 'to load';
