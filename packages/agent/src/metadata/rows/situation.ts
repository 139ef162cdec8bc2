import type { Caller } from '../../addresses/caller.ts';
import type { CachedSession, KnownPod } from '../../feed/table/known-pod.ts';
import type { Answer } from '../answer/answer.ts';
import type { OtherMetadata } from '../../node-imds/other-metadata.ts';
import type { PodRights } from '../../node-imds/metadata-rights.ts';
import type { OpenRoute } from '../request/routes.ts';

/** `allow` and `audit` serve requests without a token; `audit` has them counted, `deny` refuses them. */
export type Imdsv1Mode = 'allow' | 'audit' | 'deny';

/** All that decides about a well-formed request, at one moment. */
export interface Situation {
  readonly route: OpenRoute;
  readonly token: 'ok' | 'invalid' | 'missing';
  readonly caller: Caller;
  readonly imdsv1: Imdsv1Mode;
  readonly session: (id: string) => CachedSession | undefined;
  readonly other: Pick<OtherMetadata, 'readable'>;
  /** The groups of paths that this node opens. */
  readonly groups: ReadonlySet<string>;
  /** On the agent's monotonic clock. Milliseconds. */
  readonly monotonicMs: number;
  /** Since the epoch. Milliseconds. */
  readonly nowMs: number;
}

/** What is to be done about it. */
export type Action =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Wait for what may change; `inVain` is the answer if it does not. */
  | { readonly kind: 'hold'; readonly inVain: Answer }
  | { readonly kind: 'mint' }
  | { readonly kind: 'read'; readonly path: string; readonly rights: PodRights };

/** The Pod that asks, if one is known to. */
export function podOf(caller: Caller): KnownPod | undefined {
  return caller.kind === 'pod' ? caller.pod : undefined;
}
