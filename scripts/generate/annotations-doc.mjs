// Writes docs/annotations.md from the register of annotations. Run with node --conditions=development; a test holds the page current.
import { writeFileSync } from 'node:fs';
import { annotationsDoc } from '../../packages/server/src/annotations/annotations-doc.ts';

writeFileSync(new URL('../../docs/annotations.md', import.meta.url), annotationsDoc());
