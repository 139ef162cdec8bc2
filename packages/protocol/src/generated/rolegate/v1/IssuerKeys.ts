// Original file: protos/rolegate/v1/rolegate.proto

import type { IssuerKey as _rolegate_v1_IssuerKey, IssuerKey__Output as _rolegate_v1_IssuerKey__Output } from '../../rolegate/v1/IssuerKey.ts';

export interface IssuerKeys {
  'issuers'?: (string)[];
  'keys'?: (_rolegate_v1_IssuerKey)[];
}

export interface IssuerKeys__Output {
  'issuers': (string)[];
  'keys': (_rolegate_v1_IssuerKey__Output)[];
}
