// Writes docs/reasons.md from the table of reasons. Run with node --conditions=development. A test checks that the page
// is current.
import { writeFileSync } from 'node:fs';
import { reasonsDoc } from '../../packages/protocol/src/reasons-doc.ts';

writeFileSync(new URL('../../docs/reasons.md', import.meta.url), reasonsDoc());
