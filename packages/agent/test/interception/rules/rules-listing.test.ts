import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findFaults } from '../../../src/interception/rules/faults.ts';
import { planInterception } from '../../../src/interception/rules/plan.ts';
import { parseSavedTables } from '../../../src/interception/rules/saved-rules.ts';

const SAVED_BY = { ipv4: 'iptables-nft-save', ipv6: 'ip6tables-nft-save' };

const plan = planInterception({
  hostIps: { ipv4: '10.0.1.23', ipv6: '2001:db8:1::23' },
  port: 8181,
  guardedPorts: [9621, 9622],
  hostInterfaces: [],
  excludedInterfaces: [],
  containerCredentials: false,
});

it.each(plan)(
  'The listing docs/figures/rules.txt has the rules of the plan for $family (scripts/generate/rules.sh writes it)',
  (familyPlan) => {
    const listing = readFileSync(new URL('../../../../../docs/figures/rules.txt', import.meta.url), 'utf8');
    const sections = listing
      .split(/^# /m)
      .filter((text) => text.startsWith(`${SAVED_BY[familyPlan.family]} `));
    expect(findFaults(familyPlan, parseSavedTables(sections.join('')))).toEqual([]);
    for (const { priority, to } of familyPlan.routes)
      expect(listing).toMatch(`${priority}:\tfrom all to ${to} `);
  },
);
