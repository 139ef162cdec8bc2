import { describe, expect, it } from 'vitest';
import { matches } from '../../src/logs/filter.ts';
import type { LogFilter } from '../../src/logs/filter.ts';
import { agentOn, entryAt, refusal, server } from '../log-lines.ts';

const all: LogFilter = {
  namespace: undefined,
  pod: undefined,
  role: undefined,
  reason: undefined,
  node: undefined,
};
const line = entryAt(0, refusal({ role: 'arn:aws:iam::123456789012:role/team/cart' }));
const stack = { ...line, text: '    at main.js:1', fields: undefined };

describe('the filter of logs', () => {
  it.each<{ filter: Partial<LogFilter>; shows: boolean }>([
    { filter: {}, shows: true },
    { filter: { namespace: 'shop' }, shows: true },
    { filter: { namespace: 'shop2' }, shows: false },
    { filter: { pod: 'cart-0' }, shows: true },
    { filter: { pod: 'shop/cart-0' }, shows: true },
    { filter: { pod: 'bank/cart-0' }, shows: false },
    { filter: { role: 'cart' }, shows: true },
    { filter: { role: '/team/cart' }, shows: true },
    { filter: { role: 'arn:aws:iam::123456789012:role/team/cart' }, shows: true },
    { filter: { role: 'art' }, shows: false },
    { filter: { reason: 'NamespaceDenied' }, shows: true },
    { filter: { reason: 'NoRole' }, shows: false },
    { filter: { node: 'a' }, shows: true },
    { filter: { node: 'b' }, shows: false },
    { filter: { node: 'a', reason: 'NoRole' }, shows: false },
  ])('with $filter shows a refusal: $shows', ({ filter, shows }) => {
    expect(matches({ ...all, ...filter }, line)).toBe(shows);
  });

  it("finds a server's line by the nodes that it names, not by the server's own", () => {
    const issued = entryAt(0, { nodes: ['a', 'b'] }, server);
    expect(matches({ ...all, node: 'b' }, issued)).toBe(true);
    expect(matches({ ...all, node: 'node-s' }, issued)).toBe(false);
  });

  it('finds the Pod whose ServiceAccount token was used from elsewhere', () => {
    const foreign = entryAt(0, refusal({ tokenPod: 'bank/till-0' }));
    expect(matches({ ...all, pod: 'till-0' }, foreign)).toBe(true);
  });

  it('shows lines that are not JSON unless something is asked for that they cannot be about', () => {
    expect(matches(all, stack)).toBe(true);
    expect(matches({ ...all, node: agentOn('a').node }, stack)).toBe(true);
    expect(matches({ ...all, pod: 'cart-0' }, stack)).toBe(false);
  });
});
