import type { SavedIssuerKeys } from '../container-credentials/service-account-token/issuer-keys.ts';
import type { SavedCertificate } from '../identity/saved-certificate.ts';
import type { SavedTokenKey, SavedTokens } from '../imds-tokens/token-keys.ts';
import { TAG_BYTES } from '../imds-tokens/token-keys.ts';
import { tableReader } from './decode-table.ts';
import type { StateOrigin } from './encode.ts';
import type { SavedState } from './saved-state.ts';
import type { MachineTime } from './machine.ts';
import { bytes, list, maybe, members, number, StateFault, text } from './shape.ts';
import type { Read } from './shape.ts';

/** The length of the feed's shortest. Bytes. */
const SHORTEST_SECRET = 16;

export interface DecodeFor {
  /** The required origin. */
  readonly origin: StateOrigin;
  readonly time: MachineTime;
  /** Monotonic. What has expired by then is left out. */
  readonly nowMs: number;
}

/** Reads what `encodeState` wrote; throws a StateFault for anything else. */
export function decodeState(written: string, { origin, time, nowMs }: DecodeFor): SavedState {
  const state = members(parsed(written), 'state');
  const nodeName = state('nodeName', text);
  if (nodeName !== origin.nodeName) throw new StateFault(`it belongs to node ${JSON.stringify(nodeName)}`);
  if (origin.bootId === '' || state('bootId', text) !== origin.bootId)
    throw new StateFault('it was written before the node was booted');
  const table = state('table', maybe(tableReader({ time, nowMs })));
  return {
    tokens: state('tokens', tokensOf),
    certificate: state('certificate', maybe(certificateOf)),
    // Absent from older agents.
    issuerKeys: state('issuerKeys', maybe(issuerKeysReader({ time, nowMs }))),
    table,
  };
}

function parsed(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    throw new StateFault('it is not JSON'); // JSON.parse's own message quotes the text
  }
}

const tokensOf: Read<SavedTokens> = (value, at) => {
  const tokens = members(value, at);
  return {
    own: tokens('own', keyOf),
    fed: tokens('fed', list(keyOf)),
    former: tokens('former', list(keyOf)),
  };
};

const keyOf: Read<SavedTokenKey> = (value, at) => {
  const key = members(value, at);
  const [tag, secret] = [key('tag', bytes), key('secret', bytes)];
  if (tag.length !== TAG_BYTES || secret.length < SHORTEST_SECRET)
    throw new StateFault(`${at} is not a token key`);
  return { tag, secret, livesUntilMs: key('livesUntilMs', number) };
};

function issuerKeysReader({ time, nowMs }: Pick<DecodeFor, 'time' | 'nowMs'>): Read<SavedIssuerKeys> {
  const vouchedOf: Read<SavedIssuerKeys['vouched']> = (value, at) => {
    const vouched = members(value, at);
    const atMs = time.fromMachine(vouched('atMs', number));
    if (atMs > nowMs) throw new StateFault(`${at}.atMs is in the future`);
    return { atMs, wallMs: vouched('wallMs', number) };
  };
  return (value, at) => {
    const saved = members(value, at);
    return {
      issuers: saved('issuers', list(text)),
      keys: saved('keys', list(issuerKeyOf)),
      vouched: saved('vouched', vouchedOf),
    };
  };
}

const issuerKeyOf: Read<SavedIssuerKeys['keys'][number]> = (value, at) => {
  const key = members(value, at);
  return { id: key('id', text), publicKey: key('publicKey', bytes) };
};

const certificateOf: Read<SavedCertificate> = (value, at) => {
  const certificate = members(value, at);
  return {
    chain: certificate('chain', text),
    key: certificate('key', text),
    authorities: certificate('authorities', text),
  };
};
