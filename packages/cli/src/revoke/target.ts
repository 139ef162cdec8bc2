import { readPodWord } from '../command-line/pod-word.ts';
import type { PodWord } from '../command-line/pod-word.ts';
import { isArn, roleFault } from '../roles/role-name.ts';

/** What is to be revoked. */
export type Target =
  { readonly kind: 'role'; readonly role: string } | { readonly kind: 'pod'; readonly pod: PodWord };

/**
 * Reads `role/ROLE`, `pod/POD` or an ARN. Nothing else, because `shop/cart` may be a role and a Pod: which of them is meant is never
 * guessed.
 */
export function readTarget(
  word: string,
  where: { readonly namespace: string | undefined; readonly usual: string },
): Target | { readonly fault: string } {
  const [, kind = '', rest = ''] = /^(role|pod)\/(.*)$/s.exec(word) ?? [];
  if (kind === 'pod') {
    const pod = readPodWord(rest, where);
    return 'fault' in pod ? pod : { kind: 'pod', pod };
  }
  if (kind === '' && !isArn(word)) return { fault: unclear(word) };
  const role = kind === '' ? word : rest;
  const fault = roleFault(role);
  if (fault !== undefined) return { fault };
  if (where.namespace !== undefined)
    return { fault: '--namespace is for Pods: a role is revoked in all Namespaces' };
  return { kind: 'role', role };
}

function unclear(word: string): string {
  const bare = word.replace(/^\/+/, '');
  return `${JSON.stringify(word)} may be a role or a Pod: write role/${bare} or pod/${bare}`;
}
