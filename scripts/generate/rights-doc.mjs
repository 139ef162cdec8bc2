// Writes the list of rights in docs/identity.md from the rendered chart. Run with node --conditions=development. A test
// checks that it is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { identityPage, withRights } from '../../charts/test/rights-doc.ts';

writeFileSync(identityPage, withRights(readFileSync(identityPage, 'utf8')));
