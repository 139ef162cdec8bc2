import { describe, expect, it } from 'vitest';
import { readPodWord } from '../../src/command-line/pod-word.ts';

const USUAL = { namespace: undefined, usual: 'of-context' };

describe('POD on the command line', () => {
  it.each([
    { word: 'cart-0', given: USUAL, namespace: 'of-context' },
    { word: 'cart-0', given: { ...USUAL, namespace: 'shop' }, namespace: 'shop' },
    { word: 'shop/cart-0', given: USUAL, namespace: 'shop' },
    { word: 'shop/cart-0', given: { ...USUAL, namespace: 'shop' }, namespace: 'shop' },
  ])('$word is in the Namespace $namespace', ({ word, given, namespace }) => {
    expect(readPodWord(word, given)).toEqual({ namespace, name: 'cart-0' });
  });

  it.each(['', 'a/b/c', '/cart', 'shop/', 'Cart', '../secrets/x', 'cart?x', '-cart', 'a'.repeat(254)])(
    '%j is refused',
    (word) => {
      expect(readPodWord(word, USUAL)).toEqual({ fault: expect.stringContaining('NAMESPACE/NAME') });
    },
  );

  it('A Namespace that contradicts -n is refused', () => {
    const read = readPodWord('shop/cart-0', { ...USUAL, namespace: 'till' });
    expect(read).toEqual({ fault: expect.stringContaining('shop/cart-0 is not in Namespace till') });
  });
});
