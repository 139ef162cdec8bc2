// Original file: protos/rolegate/v1/rolegate.proto

import type { PodState as _rolegate_v1_PodState, PodState__Output as _rolegate_v1_PodState__Output } from '../../rolegate/v1/PodState.ts';

export interface ResolveResponse {
  'pod'?: (_rolegate_v1_PodState | null);
}

export interface ResolveResponse__Output {
  'pod': (_rolegate_v1_PodState__Output | null);
}
