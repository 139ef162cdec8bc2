// Original file: protos/rolegate/v1/rolegate.proto

import type { PathGroups as _rolegate_v1_PathGroups, PathGroups__Output as _rolegate_v1_PathGroups__Output } from '../../rolegate/v1/PathGroups.ts';

export interface MetadataAccess {
  'denied'?: (boolean);
  'only'?: (_rolegate_v1_PathGroups | null);
}

export interface MetadataAccess__Output {
  'denied': (boolean);
  'only': (_rolegate_v1_PathGroups__Output | null);
}
