// Writes the list of rights in docs/identity.md from the chart's renderings. Run with node --conditions=development; a test holds it
// current.
import { readFileSync, writeFileSync } from 'node:fs';
import { identityPage, withRights } from '../../charts/test/rights-doc.ts';

writeFileSync(identityPage, withRights(readFileSync(identityPage, 'utf8')));
