import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  credentialsDocument,
  errorDocument,
  imdsJson,
  imdsTime,
} from '../../src/imds-documents/credentials-document.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 7, 39, 10, 999);

function setup() {
  return {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: 'se/cr+et',
    sessionToken: 'to/ken==',
    accountId: '123456789012',
    lastUpdatedMs: NOW_MS,
    expirationMs: NOW_MS + 3_600_000,
  };
}

describe('Credentials document', () => {
  it('The credentials document matches IMDS byte for byte and adds the account', () => {
    expect(credentialsDocument(setup())).toBe(
      [
        '{',
        '  "Code" : "Success",',
        '  "LastUpdated" : "2026-11-23T07:39:10Z",',
        '  "Type" : "AWS-HMAC",',
        '  "AccessKeyId" : "ASIAEXAMPLE",',
        '  "SecretAccessKey" : "se/cr+et",',
        '  "Token" : "to/ken==",',
        '  "Expiration" : "2026-11-23T08:39:10Z",',
        '  "AccountId" : "123456789012"',
        '}',
      ].join('\n'),
    );
  });

  it('The credentials document has no account if none is known', () => {
    const document = credentialsDocument({ ...setup(), accountId: '' });
    expect(document).not.toContain('AccountId');
    expect(document).toMatch(/Z"\n\}$/);
  });

  it('The credentials document is JSON that preserves every value, whatever characters it has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secretAccessKey, sessionToken) => {
        fc.pre(secretAccessKey.isWellFormed());
        const document = credentialsDocument({ ...setup(), secretAccessKey, sessionToken });
        expect(JSON.parse(document)).toMatchObject({ SecretAccessKey: secretAccessKey, Token: sessionToken });
      }),
    );
  });
});

describe('Error document', () => {
  it('An error document has a code, a message and a time', () => {
    const document = errorDocument({
      code: 'AssumeRoleUnauthorizedAccess',
      message: 'the role "a" : b',
      nowMs: NOW_MS,
    });
    expect(document).toBe(
      '{\n  "Code" : "AssumeRoleUnauthorizedAccess",\n  "Message" : "the role \\"a\\" : b",\n' +
        '  "LastUpdated" : "2026-11-23T07:39:10Z"\n}',
    );
  });
});

describe('IMDS time', () => {
  it.each([
    { epochMs: 0, time: '1970-01-01T00:00:00Z' },
    { epochMs: NOW_MS, time: '2026-11-23T07:39:10Z' },
    { epochMs: NOW_MS + 1, time: '2026-11-23T07:39:11Z' },
    { epochMs: 1_774_000_000_000.7, time: '2026-03-20T09:46:40Z' },
  ])('The time $epochMs is written as $time', ({ epochMs, time }) => {
    expect(imdsTime(epochMs)).toBe(time);
  });

  it('A written time is never later than the real one, and less than a second earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2999, 0) }), (epochMs) => {
        expect(imdsTime(epochMs)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const cutMs = epochMs - Date.parse(imdsTime(epochMs));
        expect(cutMs >= 0 && cutMs < 1000).toBe(true);
      }),
    );
  });

  it('A time that is not a number is rejected', () => {
    expect(() => imdsTime(Number.NaN)).toThrow(RangeError);
  });
});

describe('IMDS JSON', () => {
  it('A separator inside a value of IMDS JSON is left unchanged', () => {
    expect(imdsJson([['a', '"b": c']])).toBe('{\n  "a" : "\\"b\\": c"\n}');
  });
});
