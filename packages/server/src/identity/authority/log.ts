import type { Log } from '@rolegate/runtime';
import type { KnownAuthority } from './authorities.ts';
import type { Shared } from './secret.ts';

const MESSAGES = {
  prepared: 'authority prepared',
  active: 'authority activated',
  retired: 'authority retired',
} as const;

/** A line for each change of state: ids and times, never keys. */
export function logChanges(log: Log, before: Shared | undefined, after: Shared): void {
  const former = new Map(before?.authorities.all.map((authority) => [authority.id, authority]));
  for (const authority of after.authorities.all) {
    const known = former.get(authority.id);
    former.delete(authority.id);
    if (known?.state !== authority.state) log.info(messageOf(authority, before), fieldsOf(authority));
  }
  for (const authority of former.values()) log.info('authority removed', fieldsOf(authority));
  if (before !== undefined && !before.tokenSecret.equals(after.tokenSecret))
    log.warn('token secret changed: metadata tokens of Pods end');
}

function messageOf({ state }: KnownAuthority, before: Shared | undefined): string {
  return before === undefined ? 'authority found' : MESSAGES[state];
}

function fieldsOf({ id, state, endsMs }: KnownAuthority): object {
  return { authority: id, state, expires: new Date(endsMs).toISOString() };
}
