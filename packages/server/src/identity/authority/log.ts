import type { Clock, Log } from '@rolegate/runtime';
import type { KnownAuthority } from './authorities.ts';
import type { OlderSecret } from './merge.ts';
import type { Shared } from './secret.ts';

/** How long readiness shows it after the merge. Milliseconds. */
const SHOWN_MS = 3_600_000;

const MESSAGES = {
  prepared: 'authority prepared',
  active: 'authority activated',
  retired: 'authority retired',
} as const;

/** Logs each change of state, with ids and times but never keys. */
export function logChanges(log: Log, before: Shared | undefined, after: Shared): void {
  const former = new Map(before?.authorities.all.map((authority) => [authority.id, authority]));
  for (const authority of after.authorities.all) {
    const known = former.get(authority.id);
    former.delete(authority.id);
    if (known?.state !== authority.state) log.info(messageOf(authority, before), fieldsOf(authority));
  }
  for (const authority of former.values()) log.info('authority removed', fieldsOf(authority));
  if (before !== undefined && !before.tokenSecret.equals(after.tokenSecret))
    log.warn('token secret changed; existing metadata tokens are invalid', {
      hint: 'SDKs request new metadata tokens themselves. Find out who changed the authority Secret.',
    });
}

function messageOf({ state }: KnownAuthority, before: Shared | undefined) {
  return before === undefined ? 'authority found' : MESSAGES[state];
}

function fieldsOf({ id, state, endsMs }: KnownAuthority) {
  return { authority: id, state, expires: new Date(endsMs).toISOString() };
}

export interface OlderSecretLogDeps {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly log: Log;
  /** The place of the Secret. */
  readonly fields: { readonly namespace: string; readonly name: string };
  readonly count: (found: OlderSecret['found']) => void;
}

/** Reports in log, metric and readiness that the Secret was older than what this replica knows. */
export function createOlderSecretLog({ clock, log, fields, count }: OlderSecretLogDeps) {
  let last: { readonly atMs: number; readonly text: string } | undefined;

  return {
    /** `known`: the generation of this replica. */
    tell: ({ found, generation, refused }: OlderSecret, known: number): void => {
      count(found);
      if (found === 'unnumbered') {
        log.info('authority Secret had no generation', {
          ...fields,
          known,
          hint: 'Expected while servers of version 0.1 are running, because they write no generation. Otherwise find out who edited the Secret.',
        });
        return;
      }
      const at = new Date(clock.now()).toISOString();
      last = {
        atMs: clock.monotonic(),
        text: `at ${at} the Secret was older (generation ${generation}) than what this server knows (generation ${known}), and was merged`,
      };
      log.error('authority Secret was older than known state; merged', {
        ...fields,
        generation,
        known,
        refused,
        hint: 'Find out who restored the Secret (API server audit log). If no server was running at that time, rotate the authority again if a key was stolen: rolegate-server authority prepare, activate --now, retire --now.',
      });
    },
    /** Undefined if it did not happen within the last hour. */
    lately: () => (last !== undefined && clock.monotonic() - last.atMs < SHOWN_MS ? last.text : undefined),
  };
}
