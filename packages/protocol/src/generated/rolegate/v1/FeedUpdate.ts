// Original file: protos/rolegate/v1/rolegate.proto

import type { Hello as _rolegate_v1_Hello, Hello__Output as _rolegate_v1_Hello__Output } from '../../rolegate/v1/Hello.ts';
import type { TokenKeys as _rolegate_v1_TokenKeys, TokenKeys__Output as _rolegate_v1_TokenKeys__Output } from '../../rolegate/v1/TokenKeys.ts';
import type { PodState as _rolegate_v1_PodState, PodState__Output as _rolegate_v1_PodState__Output } from '../../rolegate/v1/PodState.ts';
import type { PodRemoved as _rolegate_v1_PodRemoved, PodRemoved__Output as _rolegate_v1_PodRemoved__Output } from '../../rolegate/v1/PodRemoved.ts';
import type { SessionState as _rolegate_v1_SessionState, SessionState__Output as _rolegate_v1_SessionState__Output } from '../../rolegate/v1/SessionState.ts';
import type { SessionRemoved as _rolegate_v1_SessionRemoved, SessionRemoved__Output as _rolegate_v1_SessionRemoved__Output } from '../../rolegate/v1/SessionRemoved.ts';
import type { Synced as _rolegate_v1_Synced, Synced__Output as _rolegate_v1_Synced__Output } from '../../rolegate/v1/Synced.ts';
import type { IssuerKeys as _rolegate_v1_IssuerKeys, IssuerKeys__Output as _rolegate_v1_IssuerKeys__Output } from '../../rolegate/v1/IssuerKeys.ts';

export interface FeedUpdate {
  'hello'?: (_rolegate_v1_Hello | null);
  'tokenKeys'?: (_rolegate_v1_TokenKeys | null);
  'pod'?: (_rolegate_v1_PodState | null);
  'podRemoved'?: (_rolegate_v1_PodRemoved | null);
  'session'?: (_rolegate_v1_SessionState | null);
  'sessionRemoved'?: (_rolegate_v1_SessionRemoved | null);
  'synced'?: (_rolegate_v1_Synced | null);
  'issuerKeys'?: (_rolegate_v1_IssuerKeys | null);
  'update'?: "hello"|"tokenKeys"|"pod"|"podRemoved"|"session"|"sessionRemoved"|"synced"|"issuerKeys";
}

export interface FeedUpdate__Output {
  'hello'?: (_rolegate_v1_Hello__Output | null);
  'tokenKeys'?: (_rolegate_v1_TokenKeys__Output | null);
  'pod'?: (_rolegate_v1_PodState__Output | null);
  'podRemoved'?: (_rolegate_v1_PodRemoved__Output | null);
  'session'?: (_rolegate_v1_SessionState__Output | null);
  'sessionRemoved'?: (_rolegate_v1_SessionRemoved__Output | null);
  'synced'?: (_rolegate_v1_Synced__Output | null);
  'issuerKeys'?: (_rolegate_v1_IssuerKeys__Output | null);
  'update'?: "hello"|"tokenKeys"|"pod"|"podRemoved"|"session"|"sessionRemoved"|"synced"|"issuerKeys";
}
