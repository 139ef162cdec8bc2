import type { SavedIssuerKeys } from '../container-credentials/service-account-token/issuer-keys.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { AskedSession } from '../feed/table/contents.ts';
import type { SavedTokenKey, SavedTokens } from '../imds-tokens/token-keys.ts';
import type { SavedState, SavedTable } from './saved-state.ts';
import type { MachineTime } from './machine.ts';

/** The node and boot that a state belongs to. It is useless for any other. */
export interface StateOrigin {
  readonly nodeName: string;
  readonly bootId: string;
}

/** Encodes a state as text, with times on the machine's clock. Read by `decodeState`. */
export function encodeState(state: SavedState, origin: StateOrigin, time: MachineTime): string {
  return JSON.stringify({
    ...origin,
    tokens: state.tokens && tokensOf(state.tokens),
    certificate: state.certificate,
    issuerKeys: state.issuerKeys && issuerKeysOf(state.issuerKeys, time),
    table: state.table && tableOf(state.table, time),
  });
}

function tokensOf({ own, fed, former }: SavedTokens) {
  return { own: keyOf(own), fed: fed.map(keyOf), former: former.map(keyOf) };
}

function keyOf({ tag, secret, livesUntilMs }: SavedTokenKey) {
  return { tag: tag.toString('base64'), secret: secret.toString('base64'), livesUntilMs };
}

function issuerKeysOf({ issuers, keys, vouched }: SavedIssuerKeys, { toMachine }: MachineTime) {
  return {
    issuers,
    keys: keys.map(({ id, publicKey }) => ({ id, publicKey: publicKey.toString('base64') })),
    vouched: { ...vouched, atMs: toMachine(vouched.atMs) },
  };
}

function tableOf(
  { pods, gone, sessions, named, claims, feedThereMs, forgotAtMs }: SavedTable,
  { toMachine }: MachineTime,
) {
  return {
    pods: pods.map(({ pod, versions }) => ({ pod: podOf(pod), versions })),
    gone: gone.map((end) => ({ ...end, untilMs: toMachine(end.untilMs) })),
    sessions: sessions.map((session) => sessionOf(session, toMachine)),
    named,
    claims,
    feedThereMs: toMachine(feedThereMs),
    forgotAtMs: forgotAtMs === undefined ? undefined : toMachine(forgotAtMs),
  };
}

function podOf({ metadata: { denied, only }, ...pod }: KnownPod) {
  return { ...pod, metadata: { denied, only: only && [...only] } };
}

function sessionOf(
  { id, credentials, failure, askedAtMs }: AskedSession,
  toMachine: MachineTime['toMachine'],
) {
  return {
    id,
    failure,
    askedAtMs: askedAtMs === undefined ? undefined : toMachine(askedAtMs),
    credentials: credentials && {
      ...credentials,
      expiresAtMs: toMachine(credentials.expiresAtMs),
    },
  };
}
