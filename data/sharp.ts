import type sharp from 'sharp';

let loaded: Promise<typeof sharp> | null = null;

/** libvips, from the first image on: who reads texts and tables, and most commands, never wait for it to load. */
export const loadSharp = (): Promise<typeof sharp> =>
  (loaded ??= import('sharp').then(({ default: loading }) => {
    loading.cache(false); // images are read once
    return loading;
  }));
