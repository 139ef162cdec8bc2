import { describe, expect, it } from 'vitest';
import { nameOf, objectOf } from '../cluster/clients/recipes.ts';
import type { Recipe } from '../cluster/calls.ts';

const pods: Recipe = { kind: 'Pod', count: 3, name: 'fat', namespace: 'hostile' };

describe('objectOf', () => {
  it('Generated objects have annotations of the requested length that differ between objects', () => {
    const recipe = { ...pods, filled: { a: 300, also: 300 }, filledJson: { b: 500 } };
    const [first, second] = [objectOf(recipe, { index: 0 }), objectOf(recipe, { index: 1 })];
    const { a = '', b = '' } = first.metadata.annotations ?? {};
    expect(Buffer.byteLength(a)).toBe(300);
    expect(first.metadata.annotations?.['also']).not.toBe(a);
    expect(b.length).toBeLessThanOrEqual(500);
    expect(Object.keys(JSON.parse(b) as object).length).toBeGreaterThan(30);
    expect(second.metadata.annotations?.['a']).not.toBe(a);
    expect(second.metadata.annotations?.['b']).not.toBe(b);
  });

  it('Generated text takes two bytes per character in memory', () => {
    const { a = '' } = objectOf({ ...pods, filled: { a: 300 } }, { index: 0 }).metadata.annotations ?? {};
    expect(a).toMatch(/[^\0-\xff]/);
  });

  it('The numbers of object and write are substituted in annotations', () => {
    const recipe = { ...pods, annotations: { role: 'app-#' } };
    const { metadata } = objectOf(recipe, { index: 2, write: 7, annotations: { session: '#-@' } });
    expect(metadata).toMatchObject({
      name: 'fat-2',
      namespace: 'hostile',
      annotations: { role: 'app-2', session: '2-7' },
    });
  });

  it('Pods are spread over the honest nodes or placed on made-up nodes', () => {
    const nodes = (recipe: Recipe) =>
      [0, 1, 4].map((index) => (objectOf(recipe, { index })['spec'] as { nodeName: string }).nodeName);
    expect(nodes(pods)).toEqual(['node-0', 'node-1', 'node-0']);
    expect(nodes({ ...pods, node: 'stolen' })).toEqual(['stolen', 'stolen', 'stolen']);
    expect(nodes({ ...pods, madeUpNodes: true })).toEqual(['made-up-0', 'made-up-1', 'made-up-4']);
  });

  it('Fields other than annotations are filled', () => {
    const padding = { character: '<', bytes: 7 } as const;
    expect(objectOf({ ...pods, padding }, { index: 0 })['status']).toMatchObject({ message: '…<<<<' });
    const account = objectOf({ ...pods, kind: 'ServiceAccount', padding }, { index: 0 });
    expect(account['imagePullSecrets']).toEqual([{ name: '…<<<<' }]);
  });
});

describe('nameOf', () => {
  it('The name of a cluster-scoped object has no Namespace', () => {
    expect(nameOf({ kind: 'Namespace', count: 1, name: 'full' }, 3)).toEqual({
      kind: 'Namespace',
      name: 'full-3',
    });
  });
});
