import { describe, expect, it } from 'vitest';
import { architectureOf, reducedIdentityDocument } from '../../src/imds-documents/identity-document.ts';
import type { ReducedIdentity } from '../../src/imds-documents/identity-document.ts';

const whole: ReducedIdentity = {
  region: 'eu-central-1',
  availabilityZone: 'eu-central-1a',
  architecture: 'arm64',
  accountId: '123456789012',
};

describe('Reduced identity document', () => {
  it("The reduced document has EC2's layout, with only account, architecture, zone, region and version", () => {
    expect(reducedIdentityDocument(whole)).toBe(
      [
        '{',
        '  "accountId" : "123456789012",',
        '  "architecture" : "arm64",',
        '  "availabilityZone" : "eu-central-1a",',
        '  "region" : "eu-central-1",',
        '  "version" : "2017-09-30"',
        '}',
      ].join('\n'),
    );
  });

  it.each<{ what: string; without: Partial<ReducedIdentity>; names: string[] }>([
    {
      what: 'account for a Pod without a role',
      without: { accountId: '' },
      names: ['architecture', 'availabilityZone', 'region', 'version'],
    },
    {
      what: 'zone that the node does not name',
      without: { availabilityZone: undefined },
      names: ['accountId', 'architecture', 'region', 'version'],
    },
    {
      what: 'architecture for which EC2 has no word',
      without: { architecture: undefined },
      names: ['accountId', 'availabilityZone', 'region', 'version'],
    },
  ])('The reduced document has no $what', ({ without, names }) => {
    const document = JSON.parse(reducedIdentityDocument({ ...whole, ...without })) as object;
    expect(Object.keys(document)).toEqual(names);
  });
});

describe('Architecture', () => {
  it.each([
    { node: 'x64', ec2: 'x86_64' },
    { node: 'arm64', ec2: 'arm64' },
    { node: 'riscv64', ec2: undefined },
  ])("The Node.js architecture $node is $ec2 in EC2's words", ({ node, ec2 }) => {
    expect(architectureOf(node)).toBe(ec2);
  });
});
