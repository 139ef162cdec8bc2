// Writes docs/annotations.md from the register of annotations. Run with node --conditions=development. A test checks
// that the page is current.
import { writeFileSync } from 'node:fs';
import { annotationsDoc } from '../../packages/server/src/annotations/annotations-doc.ts';

writeFileSync(new URL('../../docs/annotations.md', import.meta.url), annotationsDoc());
