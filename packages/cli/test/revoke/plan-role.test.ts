import { describe, expect, it } from 'vitest';
import { planNamespace } from '../../src/revoke/plan-role.ts';
import { ALLOWED, PERMITTED } from '../roles/setup.ts';

type Rule = readonly [annotation: string, entry: string, exact: boolean];

function plan(annotations: Record<string, string>, rules: readonly Rule[], removeWide = false) {
  return planNamespace({
    permitting: {
      namespace: 'shop',
      rules: rules.map(([annotation, entry, exact]) => ({ annotation, entry, exact })),
      isDefaultRole: false,
      pods: 1,
    },
    object: { metadata: { name: 'shop', uid: 'u', resourceVersion: '7', annotations } },
    removeWide,
  });
}

describe('the plan for a Namespace', () => {
  it.each([
    { live: 'cart|till', entry: 'cart', then: 'till' },
    { live: ' till|^/cart$|x \n', entry: '^/cart$', then: 'till|x' },
    { live: 'cart|cart|till', entry: 'cart', then: 'till' },
    { live: 'cart', entry: 'cart', then: null },
  ])('an alternative of the expression $live is removed', ({ live, entry, then }) => {
    expect(plan({ [PERMITTED]: live }, [[PERMITTED, entry, true]])).toMatchObject({
      withdraws: true,
      change: { was: { [PERMITTED]: live }, set: { [PERMITTED]: then }, resourceVersion: '7', uid: 'u' },
    });
  });

  it.each([
    { live: '["cart", "till"]', entry: 'cart', then: '["till"]' },
    { live: '["/cart", "cart", "arn:x"]', entry: 'cart', then: '["arn:x"]' },
    { live: '["cart"]', entry: 'cart', then: null },
  ])('a pattern of the list $live is removed, with all its spellings', ({ live, entry, then }) => {
    const { change } = plan({ [ALLOWED]: live }, [[ALLOWED, entry, true]]) ?? {};
    expect(change?.set).toEqual({ [ALLOWED]: then });
  });

  it('rules that permit other roles too stay, and the role with them', () => {
    const rules: readonly Rule[] = [
      [ALLOWED, 'cart', true],
      [ALLOWED, 'c*', false],
      [PERMITTED, '.*', false],
    ];
    const annotations = { [PERMITTED]: '.*', [ALLOWED]: '["cart","c*","x"]' };
    expect(plan(annotations, rules)).toMatchObject({
      withdraws: false,
      wide: [{ entry: 'c*' }, { entry: '.*' }],
      change: { set: { [ALLOWED]: '["c*","x"]' } },
    });
    expect(plan(annotations, rules, true)).toMatchObject({
      withdraws: true,
      change: { set: { [PERMITTED]: null, [ALLOWED]: '["x"]' } },
    });
  });

  it('only wide rules, which are not to be removed, are no change', () => {
    expect(plan({ [PERMITTED]: '.*' }, [[PERMITTED, '.*', false]])).toMatchObject({
      withdraws: false,
      change: undefined,
    });
  });

  it.each([
    { what: 'the alternative is gone', live: { [PERMITTED]: 'till' }, rule: [PERMITTED, 'cart', true] },
    { what: 'it is in a group now', live: { [PERMITTED]: '(x|cart|y)' }, rule: [PERMITTED, 'cart', true] },
    { what: 'the annotation is gone', live: {}, rule: [PERMITTED, 'cart', true] },
    { what: 'the pattern is gone', live: { [ALLOWED]: '["till"]' }, rule: [ALLOWED, 'cart', true] },
    { what: 'the list is none', live: { [ALLOWED]: 'cart' }, rule: [ALLOWED, 'cart', true] },
  ] as const)('rules that are not those which the server knows are not touched: $what', ({ live, rule }) => {
    expect(plan(live, [rule])).toBeUndefined();
  });

  it('a wide expression that has changed since the server saw it is not removed', () => {
    expect(plan({ [PERMITTED]: 'other.*' }, [[PERMITTED, '.*', false]], true)).toBeUndefined();
  });
});
