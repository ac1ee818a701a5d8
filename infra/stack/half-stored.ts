import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** versitygw's sidecar: a folder of this name for each object, and in it a file for each thing that it knows of it. */
const KNOWN = 'meta';

/**
 * versitygw notes an object's ETag before the object is there. Killed between the two, it answers whoever creates the object that it
 * exists, and whoever reads it that it does not, for ever: a run would wait for its own manifest. Nobody was told that such an
 * object is stored, so what is noted of it goes before the server starts again. Of a bucket itself there is no ETag.
 */
export function dropHalfStored({ objects, metadata }: { objects: string; metadata: string }): void {
  const dropBelow = (path: string): void => {
    for (const entry of readdirSync(join(metadata, path), { withFileTypes: true }))
      if (entry.isDirectory() && entry.name !== KNOWN) dropBelow(join(path, entry.name));
    const known = join(metadata, path, KNOWN);
    if (existsSync(join(known, 'etag')) && !existsSync(join(objects, path))) rmSync(known, { recursive: true });
  };
  if (existsSync(metadata)) dropBelow('');
}
