import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandOf, undoCommandOf } from '../../src/revoke/change.ts';
import type { Change } from '../../src/revoke/change.ts';

const change: Change = {
  kind: 'namespace',
  namespace: undefined,
  name: 'shop',
  uid: 'u',
  resourceVersion: '7',
  was: { 'x/permitted': "it's|cart$(id)", 'x/list': undefined },
  set: { 'x/permitted': "it's", 'x/list': null },
};

/** The words as a shell passes them. */
function words(command: string): readonly string[] {
  const script = `kubectl() { printf '%s\\n' "$@"; }; ${command}`;
  return execFileSync('sh', ['-c', script]).toString().trimEnd().split('\n');
}

describe('the command for somebody else', () => {
  it('changes only the version that was planned for, and passes values through a shell unchanged', () => {
    expect(words(commandOf(change))).toEqual([
      'annotate',
      '--overwrite',
      '--resource-version=7',
      'namespace',
      'shop',
      "x/permitted=it's",
      'x/list-',
    ]);
  });

  it('restores the former values of a Pod', () => {
    expect(words(undoCommandOf({ ...change, kind: 'pod', namespace: 'shop', name: 'cart-0' }))).toEqual([
      '-n',
      'shop',
      'annotate',
      '--overwrite',
      'pod',
      'cart-0',
      "x/permitted=it's|cart$(id)",
      'x/list-',
    ]);
  });

  it('leaves values that a terminal would obey to an editor', () => {
    expect(commandOf({ ...change, set: { a: 'x\u001b[2J' } })).toBe('kubectl edit namespace shop');
  });
});
