// Writes docs/promises.md from docs/promises.yaml. Run with node --conditions=development; a test holds the page current.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisesDoc } from '../promises.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
writeFileSync(new URL('../../docs/promises.md', import.meta.url), promisesDoc(root));
