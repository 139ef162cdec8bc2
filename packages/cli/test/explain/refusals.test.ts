import { hintFor } from '@rolegate/protocol';
import { describe, expect, it } from 'vitest';
import { refusalsOf } from '../../src/explain/refusals.ts';
import { refusal } from '../log-lines.ts';

const POD = { namespace: 'shop', name: 'cart-0', uid: 'uid-1', ips: ['10.0.0.7'] };

/** A line of the agent's log about the Pod. */
function line(fields: object = {}): Record<string, unknown> {
  return { time: 't1', uid: 'uid-1', ...refusal(fields) };
}

describe('The refusals of a Pod', () => {
  it('Refusals have what was asked and answered, and the hint of their reason', () => {
    expect(refusalsOf([line()], POD)).toEqual([
      {
        time: 't1',
        count: 1,
        reason: 'NamespaceDenied',
        asked: 'GET credentials',
        status: 403,
        detail: 'the Namespace permits only team-.*',
        hint: hintFor('NamespaceDenied'),
      },
    ]);
  });

  it('Equal refusals are counted, and the newest kind is the last one', () => {
    const held = { reason: 'HeldTimeout', status: 503, detail: undefined, waitedFor: 'credentials' };
    const lines = [line(), line({ ...held, time: 't2' }), line({ time: 't3' })];
    expect(refusalsOf(lines, POD)).toMatchObject([
      { time: 't2', count: 1, detail: 'waited for credentials' },
      { time: 't3', count: 2, reason: 'NamespaceDenied' },
    ]);
  });

  it('Lines of a storm that were left out count', () => {
    const suppressed = {
      ...line({ status: undefined, time: 't2' }),
      msg: 'refusal lines suppressed',
      leftOut: 40,
    };
    expect(refusalsOf([suppressed, line(), suppressed], POD)).toMatchObject([{ time: 't1', count: 41 }]);
  });

  it('A former Pod of the same name, other Pods and other lines do not count', () => {
    const lines = [
      line({ uid: 'uid-0' }),
      line({ pod: 'cart-1' }),
      line({ namespace: 'till' }),
      line({ reason: undefined }),
      { msg: 'agent listening', namespace: 'shop', pod: 'cart-0' },
    ];
    expect(refusalsOf(lines, POD)).toEqual([]);
  });

  it('Refusals from its address count while no Pod was known to own it', () => {
    const stranger = { pod: undefined, namespace: undefined, uid: undefined, reason: 'HeldTimeout' };
    expect(refusalsOf([line(stranger), line({ ...stranger, ip: '10.0.0.8' })], POD)).toMatchObject([
      { reason: 'HeldTimeout', count: 1 },
    ]);
  });
});
