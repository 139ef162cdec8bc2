/** prepared: trusted, but does not sign yet. active: signs. retired: trusted until everything that it signed has expired. */
export type AuthorityState = 'prepared' | 'active' | 'retired';

/** What rotation depends on. All times in milliseconds since the epoch. */
export interface AuthorityLife {
  readonly id: string;
  readonly state: AuthorityState;
  /** When it entered this state. */
  readonly sinceMs: number;
  readonly beginsMs: number;
  readonly endsMs: number;
}

export type RotationStep =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'activate'; readonly id: string }
  | { readonly kind: 'remove'; readonly ids: readonly string[] };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Lifetimes of the certificates that an authority signs. They never outlive it. Milliseconds. */
export const CLIENT_LIFE_MS = HOUR_MS;
export const SERVER_LIFE_MS = DAY_MS;

/** kubelet updates a mounted ConfigMap within 90 s; servers read the Secret every 10 s. Milliseconds. */
export const BUNDLE_SPREAD_MS = 3 * MINUTE_MS;

/** A prepared authority is activated automatically after this time. Milliseconds. */
const KNOWN_MS = DAY_MS;

/** When the last certificate of a retired authority has expired, that of a server. Milliseconds. */
const RETIRED_MS = SERVER_LIFE_MS;

/** Servers replace their certificate on activation, so the retire command waits only for client certificates. Milliseconds. */
const CLIENTS_ENDED_MS = CLIENT_LIFE_MS + 5 * MINUTE_MS;

/**
 * The step that is due by age; undefined if none. Exactly one authority is active, before and after a step. Short-lived
 * authorities have shorter waits, so that a rotation fits into one lifetime.
 */
export function nextStep(
  authorities: readonly AuthorityLife[],
  nowMs: number,
  ageMs: number,
): RotationStep | undefined {
  const active = authorities.find(({ state }) => state === 'active');
  const prepared = authorities.find(({ state }) => state === 'prepared');
  if (active === undefined) return undefined;
  const over = authorities.filter((authority) => isOver(authority, nowMs)).map(({ id }) => id);
  if (over.length > 0) return { kind: 'remove', ids: over };
  // If --authority-age was lowered, rotation must not wait for the longer lifetime.
  const lifeMs = Math.min(active.endsMs - active.beginsMs, ageMs);
  if (prepared === undefined)
    return nowMs >= active.beginsMs + (lifeMs * 2) / 3 ? { kind: 'prepare' } : undefined;
  return nowMs >= activationMs(active, prepared, lifeMs) ? { kind: 'activate', id: prepared.id } : undefined;
}

/** After a day; earlier if the active one expires before, but if possible not before agents can know the new one. */
function activationMs(active: AuthorityLife, prepared: AuthorityLife, lifeMs: number): number {
  const spreadMs = Math.min(BUNDLE_SPREAD_MS, lifeMs / 12);
  const latestMs = active.endsMs - lifeMs / 6;
  const wantedMs = Math.max(prepared.sinceMs + spreadMs, Math.min(prepared.sinceMs + KNOWN_MS, latestMs));
  return Math.min(wantedMs, active.endsMs);
}

/** Whether everything that it signed has expired. */
function isOver({ state, sinceMs, endsMs }: AuthorityLife, nowMs: number): boolean {
  if (state === 'active') return false;
  return nowMs >= endsMs || (state === 'retired' && nowMs >= sinceMs + RETIRED_MS);
}

export type Command = 'prepare' | 'activate' | 'retire';

export interface CommandOptions {
  readonly nowMs: number;
  /** Does not wait for agents to learn about it, or for certificates to expire. */
  readonly atOnce: boolean;
}

/** The step of a command, or a refusal that says what to do. */
export function commandStep(
  command: Command,
  authorities: readonly AuthorityLife[],
  { nowMs, atOnce }: CommandOptions,
): RotationStep | { readonly kind: 'refused'; readonly why: string } {
  const prepared = authorities.find(({ state }) => state === 'prepared');
  if (command === 'prepare')
    return prepared === undefined
      ? { kind: 'prepare' }
      : refused(`authority ${prepared.id} is already prepared; activate it, then prepare the next one`);
  if (command === 'activate') {
    if (prepared === undefined) return refused('no authority is prepared; prepare one first');
    const fromMs = prepared.sinceMs + BUNDLE_SPREAD_MS;
    return atOnce || nowMs >= fromMs
      ? { kind: 'activate', id: prepared.id }
      : refused(`authority ${prepared.id} may not have reached every agent yet; ${waitUntil(fromMs)}`);
  }
  const retired = authorities.filter(({ state }) => state === 'retired');
  if (retired.length === 0)
    return refused('no authority is retired; prepare and activate a new one, which retires the former');
  const fromMs = Math.min(...retired.map(({ sinceMs }) => sinceMs)) + CLIENTS_ENDED_MS;
  const ids = retired.filter(({ sinceMs }) => atOnce || nowMs >= sinceMs + CLIENTS_ENDED_MS);
  return ids.length > 0
    ? { kind: 'remove', ids: ids.map(({ id }) => id) }
    : refused(`agents may still use certificates of authority ${retired[0]?.id ?? ''}; ${waitUntil(fromMs)}`);
}

function waitUntil(ms: number): string {
  return `wait until ${new Date(ms).toISOString()}, or give --now`;
}

function refused(why: string) {
  return { kind: 'refused' as const, why };
}
