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

describe('credentialsDocument', () => {
  it('is byte for byte what IMDS writes, with the account', () => {
    expect(credentialsDocument(setup()).toString()).toBe(
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

  it('names no account where there is none', () => {
    const document = credentialsDocument({ ...setup(), accountId: '' }).toString();
    expect(document).not.toContain('AccountId');
    expect(document).toMatch(/Z"\n\}$/);
  });

  it('is JSON that gives back every value, whatever letters are in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secretAccessKey, sessionToken) => {
        fc.pre(secretAccessKey.isWellFormed());
        const document = credentialsDocument({ ...setup(), secretAccessKey, sessionToken }).toString();
        expect(JSON.parse(document)).toMatchObject({ SecretAccessKey: secretAccessKey, Token: sessionToken });
      }),
    );
  });
});

describe('errorDocument', () => {
  it('has a code, a message and a time', () => {
    const document = errorDocument({
      code: 'AssumeRoleUnauthorizedAccess',
      message: 'the role "a" : b',
      nowMs: NOW_MS,
    });
    expect(document.toString()).toBe(
      '{\n  "Code" : "AssumeRoleUnauthorizedAccess",\n  "Message" : "the role \\"a\\" : b",\n' +
        '  "LastUpdated" : "2026-11-23T07:39:10Z"\n}',
    );
  });
});

describe('imdsTime', () => {
  it.each([
    { epochMs: 0, time: '1970-01-01T00:00:00Z' },
    { epochMs: NOW_MS, time: '2026-11-23T07:39:10Z' },
    { epochMs: NOW_MS + 1, time: '2026-11-23T07:39:11Z' },
    { epochMs: 1_774_000_000_000.7, time: '2026-03-20T09:46:40Z' },
  ])('writes $epochMs as $time', ({ epochMs, time }) => {
    expect(imdsTime(epochMs)).toBe(time);
  });

  it('never says more life than there is, and at most a second less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2999, 0) }), (epochMs) => {
        expect(imdsTime(epochMs)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const cutMs = epochMs - Date.parse(imdsTime(epochMs));
        expect(cutMs >= 0 && cutMs < 1000).toBe(true);
      }),
    );
  });

  it('refuses what is no time', () => {
    expect(() => imdsTime(Number.NaN)).toThrow(RangeError);
  });
});

describe('imdsJson', () => {
  it('leaves a separator inside a value alone', () => {
    expect(imdsJson([['a', '"b": c']])).toBe('{\n  "a" : "\\"b\\": c"\n}');
  });
});
