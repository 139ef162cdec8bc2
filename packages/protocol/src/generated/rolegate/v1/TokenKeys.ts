// Original file: protos/rolegate/v1/rolegate.proto

import type { TokenKey as _rolegate_v1_TokenKey, TokenKey__Output as _rolegate_v1_TokenKey__Output } from '../../rolegate/v1/TokenKey.ts';

export interface TokenKeys {
  'keys'?: (_rolegate_v1_TokenKey)[];
}

export interface TokenKeys__Output {
  'keys': (_rolegate_v1_TokenKey__Output)[];
}
