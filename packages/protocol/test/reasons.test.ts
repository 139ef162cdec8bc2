import { describe, expect, it } from 'vitest';
import { isReason, reasons, Refusal } from '@rolegate/protocol';
import type { Reason, ReasonEntry } from '@rolegate/protocol';

/** The names are API, in the contract's order. To add one, change the contract first. */
const CONTRACT = `
  PodNotFound Pending NoRole BadAnnotation NamespaceDenied BadNamespaceRule OutsideCeiling RoleMismatch
  MetadataDenied MetadataNotFound HostNetwork StaticPod AmbiguousIp ForeignNode StsAccessDenied StsInvalidRequest StsThrottled
  StsUnavailable StsRegionDisabled ServerCredentials ServerUnavailable HeldTimeout CredentialsExpired TokenInvalid
  TokenMissing TokenForeign PathBlocked TooManyRequests`
  .trim()
  .split(/\s+/);

const table = Object.entries<ReasonEntry>(reasons).map(([reason, entry]) => ({ reason, ...entry }));
const where = (fits: (row: ReasonEntry) => boolean) => table.filter(fits).map(({ reason }) => reason);

describe('Reasons', () => {
  it('The table has exactly the reasons of the contract, in order', () => {
    expect(Object.keys(reasons)).toEqual(CONTRACT);
  });

  it.each(table)(
    'The meaning and the remedy of $reason are one sentence each, without a full stop',
    ({ meaning, remedy }) => {
      for (const text of [meaning, remedy]) expect(text).toMatch(/^[^.]\S.{10,}[^.\s]$/);
    },
  );

  it.each(table)('The gRPC status of $reason is neither success nor a bug', ({ grpc }) => {
    expect(['OK', 'UNKNOWN', 'INTERNAL', 'UNIMPLEMENTED']).not.toContain(grpc);
  });

  it('The HTTP statuses 200, 401, 404 and 503 belong to the reasons of the contract', () => {
    expect(where(({ http }) => http === 200)).toEqual(['StsAccessDenied', 'StsInvalidRequest']);
    expect(where(({ http }) => http === 401)).toEqual(['TokenInvalid', 'TokenMissing', 'TokenForeign']);
    expect(where(({ http }) => http === 404)).toEqual(['NoRole', 'MetadataNotFound', 'PathBlocked']);
    expect(where(({ http }) => http === 503)).toEqual([
      'PodNotFound',
      'Pending',
      'StsThrottled',
      'StsUnavailable',
      'StsRegionDisabled',
      'ServerCredentials',
      'ServerUnavailable',
      'HeldTimeout',
      'CredentialsExpired',
      'TooManyRequests',
    ]);
  });

  it('Only denials that the owner of the Pod or its Namespace can resolve are written as Events', () => {
    expect(where(({ event }) => event)).toEqual([
      'BadAnnotation',
      'NamespaceDenied',
      'BadNamespaceRule',
      'OutsideCeiling',
      'HostNetwork',
      'StaticPod',
      'StsAccessDenied',
      'StsInvalidRequest',
    ]);
  });

  it('Only MetadataNotFound, which is not a refusal, is logged below info', () => {
    expect(where(({ level }) => !['info', 'warn', 'error'].includes(level))).toEqual(['MetadataNotFound']);
  });
});

describe('Reason check', () => {
  it.each(['', 'podnotfound', 'toString', '__proto__', 'constructor', 'NewReasonOfAVersionToCome'])(
    'The word "%s" is not a reason',
    (word) => {
      expect(isReason(word)).toBe(false);
    },
  );

  it('Every word of the contract is a reason', () => {
    expect(CONTRACT.every(isReason)).toBe(true);
  });
});

describe('Refusal', () => {
  it('A refusal is an error with a reason and a cause', () => {
    const cause = new Error('ExpiredToken');
    const refusal = new Refusal('ServerCredentials', 'STS refuses our key', { cause });
    const reason: Reason = refusal.reason;
    expect(refusal).toBeInstanceOf(Error);
    expect({ reason, name: refusal.name, message: refusal.message, cause: refusal.cause }).toEqual({
      reason: 'ServerCredentials',
      name: 'Refusal',
      message: 'STS refuses our key',
      cause,
    });
  });
});
