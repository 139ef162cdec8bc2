import { describe, expect, it } from '@jest/globals';
import { reducedIdentityDocument } from '../../src/metadata/identity-document.ts';

function setup() {
  return { region: 'eu-central-1', availabilityZone: 'eu-central-1a', accountId: '123456789012' };
}

describe('the reduced identity document', () => {
  it('says where, and whose role, and nothing else', () => {
    expect(reducedIdentityDocument(setup())).toBe(
      '{\n  "accountId" : "123456789012",\n  "availabilityZone" : "eu-central-1a",\n  "region" : "eu-central-1"\n}',
    );
  });

  it('names no account for a Pod without a role', () => {
    expect(JSON.parse(reducedIdentityDocument({ ...setup(), accountId: '' }))).toEqual({
      availabilityZone: 'eu-central-1a',
      region: 'eu-central-1',
    });
  });

  it('leaves out a zone that the node does not name', () => {
    const document = reducedIdentityDocument({ ...setup(), availabilityZone: undefined });
    expect(JSON.parse(document)).toEqual({ accountId: '123456789012', region: 'eu-central-1' });
  });
});
