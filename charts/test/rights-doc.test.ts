import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { identityPage, withRights } from './rights-doc.ts';

describe('docs/identity.md', () => {
  const page = readFileSync(identityPage, 'utf8');

  it("The page lists the server's rights as the chart gives them (npm run generate writes the list)", () => {
    expect(page).toBe(withRights(page));
  });

  it('The page lists no right on Secrets or ConfigMaps except to get and update rolegate-authority', () => {
    const rows = page.split('\n').filter((line) => /^\| (the cluster|its Namespace) /.test(line));
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter((row) => /`(secrets|configmaps)`/.test(row))).toEqual([
      expect.stringMatching(/named `rolegate-authority` +\| `get`, `update` +\| always/),
    ]);
  });
});
