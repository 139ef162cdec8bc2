import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { iamEnd } from '../../src/revoke/iam-policy.ts';
import { CART } from '../roles/setup.ts';

const beforeMs = Date.parse('2026-11-30T09:00:00.123Z');

/** The document that a shell passes to `aws`. */
function documentOf(command: string): unknown {
  const script = `aws() { for last; do :; done; printf '%s' "$last"; }; ${command}`;
  return JSON.parse(execFileSync('sh', ['-c', script]).toString());
}

function conditionOf(document: unknown): unknown {
  return (document as { readonly Statement: readonly { readonly Condition: unknown }[] }).Statement[0]
    ?.Condition;
}

describe('the IAM policy', () => {
  it('ends all older sessions of the role, which the command names without path and account', () => {
    const end = iamEnd({ roleArn: CART, session: undefined, beforeMs, isForLater: false });
    expect(end).toMatchObject({ account: '123456789012', roleName: 'cart' });
    expect(end?.command).toMatch(
      /^aws iam put-role-policy --role-name cart --policy-name RolegateRevoked --policy-document '/,
    );
    const document = documentOf(end?.command ?? '');
    expect(document).toEqual(end?.policy);
    expect(document).toMatchObject({ Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] });
    expect(conditionOf(document)).toEqual({ DateLessThan: { 'aws:TokenIssueTime': '2026-11-30T09:00:00Z' } });
    expect(end?.undo).toBe('aws iam delete-role-policy --role-name cart --policy-name RolegateRevoked');
  });

  it('ends only one session for a Pod', () => {
    const end = iamEnd({ roleArn: CART, session: 'shop.default', beforeMs, isForLater: false });
    expect(conditionOf(end?.policy)).toMatchObject({ StringLike: { 'aws:userid': '*:shop.default' } });
  });

  it('has the time of its run if it is for later', () => {
    const end = iamEnd({ roleArn: CART, session: undefined, beforeMs, isForLater: true });
    const { DateLessThan } = conditionOf(documentOf(end?.command ?? '')) as {
      readonly DateLessThan: Readonly<Record<string, string>>;
    };
    const passedMs = Date.now() - Date.parse(DateLessThan['aws:TokenIssueTime'] ?? '');
    expect(Math.abs(passedMs)).toBeLessThan(60_000);
  });

  it('is not made for a role whose account is not known', () => {
    expect(iamEnd({ roleArn: 'cart', session: undefined, beforeMs, isForLater: false })).toBeUndefined();
  });
});
