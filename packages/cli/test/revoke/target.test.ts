import { describe, expect, it } from 'vitest';
import { readTarget } from '../../src/revoke/target.ts';

const ARN = 'arn:aws:iam::123456789012:role/shop/cart';

function read(word: string, namespace?: string) {
  return readTarget(word, { namespace, usual: 'default' });
}

describe('the target of revoke', () => {
  it.each([
    { word: ARN, role: ARN },
    { word: `role/${ARN}`, role: ARN },
    { word: 'role/shop/cart', role: 'shop/cart' },
    { word: 'role//shop/cart', role: '/shop/cart' },
    { word: 'role/pod/cart', role: 'pod/cart' },
  ])('$word is the role $role', ({ word, role }) => {
    expect(read(word)).toEqual({ kind: 'role', role });
  });

  it.each([
    { word: 'pod/cart-0', namespace: undefined, pod: { namespace: 'default', name: 'cart-0' } },
    { word: 'pod/cart-0', namespace: 'shop', pod: { namespace: 'shop', name: 'cart-0' } },
    { word: 'pod/shop/cart-0', namespace: undefined, pod: { namespace: 'shop', name: 'cart-0' } },
  ])('$word with -n $namespace is the Pod $pod.namespace/$pod.name', ({ word, namespace, pod }) => {
    expect(read(word, namespace)).toEqual({ kind: 'pod', pod });
  });

  it.each([
    { word: 'shop/cart', says: '"shop/cart" may be a role or a Pod: write role/shop/cart or pod/shop/cart' },
    { word: 'cart', says: 'write role/cart or pod/cart' },
    { word: '/cart', says: 'write role/cart or pod/cart' },
    { word: 'roles/cart', says: 'write role/roles/cart' },
    { word: 'pod/Cart', says: 'is no Pod' },
    { word: 'pod/a/b/c', says: 'is no Pod' },
    { word: 'role/', says: 'is no role' },
    { word: 'role/a b', says: 'is no role' },
  ])('$word is an error that says how to write it, never a guess', ({ word, says }) => {
    expect(read(word)).toEqual({ fault: expect.stringContaining(says) as string });
  });

  it('a role is revoked in all Namespaces, so -n is an error', () => {
    expect(read('role/cart', 'shop')).toEqual({
      fault: expect.stringContaining('--namespace is for Pods') as string,
    });
  });
});
