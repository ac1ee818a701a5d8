// node dist/job/generate-docs.js [FOLDER]: writes job.md and job.schema.json into docs/ (or FOLDER).
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { jobJsonSchema, jobReference } from './describe.js';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/', import.meta.url));
writeFileSync(join(folder, 'job.schema.json'), jobJsonSchema());
writeFileSync(join(folder, 'job.md'), jobReference());
