/** prepared: trusted, signs nothing yet. active: signs. retired: trusted until all that it signed has ended. */
export type AuthorityState = 'prepared' | 'active' | 'retired';

/** What rotation looks at. All times in milliseconds since the epoch. */
export interface AuthorityLife {
  readonly id: string;
  readonly state: AuthorityState;
  /** Since when it is in this state. */
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

/** Lives of what an authority signs; never longer than its own. Milliseconds. */
export const CLIENT_LIFE_MS = HOUR_MS;
export const SERVER_LIFE_MS = DAY_MS;

/** kubelet writes a changed ConfigMap within a minute and a half; servers look every 10 s. Milliseconds. */
export const BUNDLE_SPREAD_MS = 3 * MINUTE_MS;

/** A prepared authority is activated by age once it has been known for this long. Milliseconds. */
const KNOWN_MS = DAY_MS;

/** When the last certificate of a retired authority has ended: that of a server. Milliseconds. */
const RETIRED_MS = SERVER_LIFE_MS;

/** Servers change their certificate when an authority is activated: by command only the clients are waited for. Milliseconds. */
const CLIENTS_ENDED_MS = CLIENT_LIFE_MS + 5 * MINUTE_MS;

/**
 * What age asks for now; undefined: nothing. Of the authorities exactly one must be active, and so it is after the step.
 * Short-lived authorities have shorter pauses: all of it fits into one life.
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
  // Lowering the age must not wait for the end of an authority of the former age.
  const lifeMs = Math.min(active.endsMs - active.beginsMs, ageMs);
  if (prepared === undefined)
    return nowMs >= active.beginsMs + (lifeMs * 2) / 3 ? { kind: 'prepare' } : undefined;
  return nowMs >= activationMs(active, prepared, lifeMs) ? { kind: 'activate', id: prepared.id } : undefined;
}

/** After a day; sooner where the active one would end before, but not before agents can know it, while there is a choice. */
function activationMs(active: AuthorityLife, prepared: AuthorityLife, lifeMs: number): number {
  const spreadMs = Math.min(BUNDLE_SPREAD_MS, lifeMs / 12);
  const latestMs = active.endsMs - lifeMs / 6;
  const wantedMs = Math.max(prepared.sinceMs + spreadMs, Math.min(prepared.sinceMs + KNOWN_MS, latestMs));
  return Math.min(wantedMs, active.endsMs);
}

/** Nothing that it signed is alive. */
function isOver({ state, sinceMs, endsMs }: AuthorityLife, nowMs: number): boolean {
  if (state === 'active') return false;
  return nowMs >= endsMs || (state === 'retired' && nowMs >= sinceMs + RETIRED_MS);
}

export type Command = 'prepare' | 'activate' | 'retire';

export interface CommandOptions {
  readonly nowMs: number;
  /** Does not wait for others to learn of it, or for certificates to end. */
  readonly atOnce: boolean;
}

/** What a command comes to; a refusal is a sentence that says what to do. */
export function commandStep(
  command: Command,
  authorities: readonly AuthorityLife[],
  { nowMs, atOnce }: CommandOptions,
): RotationStep | { readonly kind: 'refused'; readonly why: string } {
  const prepared = authorities.find(({ state }) => state === 'prepared');
  if (command === 'prepare')
    return prepared === undefined
      ? { kind: 'prepare' }
      : refused(`authority ${prepared.id} is prepared already: activate it, then prepare the next`);
  if (command === 'activate') {
    if (prepared === undefined) return refused('no authority is prepared: prepare one first');
    const fromMs = prepared.sinceMs + BUNDLE_SPREAD_MS;
    return atOnce || nowMs >= fromMs
      ? { kind: 'activate', id: prepared.id }
      : refused(`authority ${prepared.id} may not have reached every agent yet: ${waitUntil(fromMs)}`);
  }
  const retired = authorities.filter(({ state }) => state === 'retired');
  if (retired.length === 0)
    return refused('no authority is retired: prepare one and activate it, which retires the former');
  const fromMs = Math.min(...retired.map(({ sinceMs }) => sinceMs)) + CLIENTS_ENDED_MS;
  const ids = retired.filter(({ sinceMs }) => atOnce || nowMs >= sinceMs + CLIENTS_ENDED_MS);
  return ids.length > 0
    ? { kind: 'remove', ids: ids.map(({ id }) => id) }
    : refused(
        `agents may still hold certificates of authority ${retired[0]?.id ?? ''}: ${waitUntil(fromMs)}`,
      );
}

function waitUntil(ms: number): string {
  return `wait until ${new Date(ms).toISOString()}, or give --now`;
}

function refused(why: string) {
  return { kind: 'refused' as const, why };
}
