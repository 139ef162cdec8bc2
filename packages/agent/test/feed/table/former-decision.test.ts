import { describe, expect, it } from 'vitest';
import type { DecisionInputs } from '@rolegate/protocol';
import type { Decision } from '../../../src/feed/table/known-pod.ts';
import { withFormerDecision } from '../../../src/feed/table/former-decision.ts';
import { allow, knownPod } from '../../addresses/known-pods.ts';

const PENDING: Decision = { kind: 'pending', waitsFor: 'role base ARN' };
const DENY: Decision = { kind: 'deny', reason: 'NamespaceDenied', message: 'not permitted' };
const INPUTS: DecisionInputs = { pod: 'p1', namespace: 'n1', serviceAccount: 's1' };

function kindAfter(
  former: Decision,
  inputs: DecisionInputs | undefined,
  next = PENDING,
  nextInputs = INPUTS,
) {
  const before = knownPod({ decision: former, ...(inputs && { inputs }) });
  return withFormerDecision(before, knownPod({ decision: next, inputs: nextInputs })).decision.kind;
}

describe('Former decisions', () => {
  it.each([
    { what: 'remains if nothing has changed', next: INPUTS, kind: 'allow' },
    {
      what: 'remains if an object has not been seen',
      next: { ...INPUTS, namespace: 'unseen' },
      kind: 'allow',
    },
    { what: 'is over if the Pod has changed', next: { ...INPUTS, pod: 'p2' }, kind: 'pending' },
    { what: 'is over if the Namespace has changed', next: { ...INPUTS, namespace: 'n2' }, kind: 'pending' },
    {
      what: 'is over if the ServiceAccount has changed',
      next: { ...INPUTS, serviceAccount: 's2' },
      kind: 'pending',
    },
    {
      what: 'is over if the ServiceAccount does not exist',
      next: { ...INPUTS, serviceAccount: 'absent' },
      kind: 'pending',
    },
  ])('A decision that the server now reports as pending $what', ({ next, kind }) => {
    expect(kindAfter(allow('session-1'), INPUTS, PENDING, next)).toBe(kind);
  });

  it('A decision remains if an older server does not send its inputs', () => {
    expect(kindAfter(allow('session-1'), undefined)).toBe('allow');
  });

  it('A denial remains while the next decision is pending', () => {
    expect(kindAfter(DENY, INPUTS)).toBe('deny');
  });

  it('A decision is over if the server withdraws it', () => {
    expect(kindAfter(allow('session-1'), INPUTS, { ...PENDING, withdraws: true })).toBe('pending');
  });

  it('A decision is replaced by another decision', () => {
    expect(kindAfter(allow('session-1'), INPUTS, DENY)).toBe('deny');
  });

  it('A decision that remains keeps its inputs, so that a later change is noticed', () => {
    const unseen = { ...INPUTS, namespace: 'unseen' };
    const before = knownPod({ decision: allow('session-1'), inputs: INPUTS });
    const kept = withFormerDecision(before, knownPod({ decision: PENDING, inputs: unseen }));
    const changed = knownPod({ decision: PENDING, inputs: { ...INPUTS, namespace: 'n2' } });
    expect(withFormerDecision(kept, changed).decision.kind).toBe('pending');
  });

  it('A Pod whose decision remains has its current addresses and state', () => {
    const before = knownPod({ decision: allow('session-1'), inputs: INPUTS, ips: ['198.18.0.1'] });
    const next = knownPod({ decision: PENDING, inputs: INPUTS, ips: ['198.18.0.2'], ended: true });
    expect(withFormerDecision(before, next)).toMatchObject({ ips: ['198.18.0.2'], ended: true });
  });
});

describe('Metadata access under a former decision', () => {
  const closed = { denied: true };
  const open = { denied: false };

  it('Access to the metadata API is as the server says if it has seen the Namespace', () => {
    const before = knownPod({ decision: DENY, inputs: INPUTS, metadata: closed });
    const next = knownPod({ decision: PENDING, inputs: INPUTS, metadata: open });
    expect(withFormerDecision(before, next).metadata).toEqual(open);
  });

  it('Access to the metadata API is as before if the server has not seen the Namespace', () => {
    const unseen = { ...INPUTS, namespace: 'unseen' };
    const before = knownPod({ decision: DENY, inputs: INPUTS, metadata: closed });
    const next = knownPod({ decision: PENDING, inputs: unseen, metadata: open });
    expect(withFormerDecision(before, next).metadata).toEqual(closed);
  });

  it('Access to the metadata API is denied if the Pod itself denies it', () => {
    const before = knownPod({ decision: allow('session-1'), metadata: open });
    const next = knownPod({ decision: PENDING, metadata: closed });
    expect(withFormerDecision(before, next).metadata).toEqual(closed);
  });
});
