import type { Caller } from '../../addresses/caller.ts';
import type { CachedSession } from '../../feed/table/known-pod.ts';
import type { PodRights } from '../../node-imds/metadata-rights.ts';
import type { OtherMetadata } from '../../node-imds/other-metadata.ts';
import type { Answer } from '../../pod-http/answer/answer.ts';
import type { HoldAction } from '../../pod-http/holding.ts';
import type { OpenRoute } from '../request/routes.ts';

/** `allow` and `audit` serve requests without a token, and `audit` counts them; `deny` refuses them. */
export type Imdsv1Mode = 'allow' | 'audit' | 'deny';

/** Everything that determines the answer to a valid request, at one moment. */
export interface Situation {
  readonly route: OpenRoute;
  readonly token: 'ok' | 'invalid' | 'missing';
  readonly caller: Caller;
  readonly imdsv1: Imdsv1Mode;
  readonly session: (id: string) => CachedSession | undefined;
  readonly other: Pick<OtherMetadata, 'readable'>;
  /** The groups of paths that are open on this node. */
  readonly groups: ReadonlySet<string>;
  /** On the agent's monotonic clock. Milliseconds. */
  readonly monotonicMs: number;
  /** Since the epoch. Milliseconds. */
  readonly nowMs: number;
}

/** What to do with the request. */
export type Action =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | HoldAction
  | { readonly kind: 'mint' }
  | { readonly kind: 'read'; readonly path: string; readonly rights: PodRights };
