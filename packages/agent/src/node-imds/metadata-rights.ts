import type { KnownPod } from '../feed/known-pod.ts';
import type { Reader } from './other-metadata.ts';

/** What other metadata this Pod may read: a Pod can only narrow what the node opens. */
export function readerFor({ metadata, decision }: KnownPod, open: ReadonlySet<string>): Reader {
  const { only } = metadata;
  const groups = only === undefined ? open : new Set([...open].filter((group) => only.has(group)));
  const isNarrowed = only !== undefined;
  if (decision.kind !== 'allow') return { groups, isNarrowed, accountId: '', hasRole: false };
  const { roleName: name, roleArn: arn } = decision;
  return { groups, isNarrowed, accountId: accountOf(arn), hasRole: true, role: { name, arn } };
}

/** The account in `arn:PARTITION:iam::ACCOUNT:role/NAME`; '' where there is none. */
function accountOf(arn: string): string {
  const account = arn.split(':')[4] ?? '';
  return /^\d{12}$/.test(account) ? account : '';
}
