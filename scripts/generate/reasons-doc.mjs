// Writes docs/reasons.md from the table of reasons. Run with node --conditions=development; a test holds the page current.
import { writeFileSync } from 'node:fs';
import { reasonsDoc } from '../../packages/protocol/src/reasons-doc.ts';

writeFileSync(new URL('../../docs/reasons.md', import.meta.url), reasonsDoc());
