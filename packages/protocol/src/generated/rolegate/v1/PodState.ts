// Original file: protos/rolegate/v1/rolegate.proto

import type { ResourceVersions as _rolegate_v1_ResourceVersions, ResourceVersions__Output as _rolegate_v1_ResourceVersions__Output } from '../../rolegate/v1/ResourceVersions.ts';
import type { MetadataAccess as _rolegate_v1_MetadataAccess, MetadataAccess__Output as _rolegate_v1_MetadataAccess__Output } from '../../rolegate/v1/MetadataAccess.ts';
import type { Allow as _rolegate_v1_Allow, Allow__Output as _rolegate_v1_Allow__Output } from '../../rolegate/v1/Allow.ts';
import type { Deny as _rolegate_v1_Deny, Deny__Output as _rolegate_v1_Deny__Output } from '../../rolegate/v1/Deny.ts';
import type { Pending as _rolegate_v1_Pending, Pending__Output as _rolegate_v1_Pending__Output } from '../../rolegate/v1/Pending.ts';
import type { DecisionInputs as _rolegate_v1_DecisionInputs, DecisionInputs__Output as _rolegate_v1_DecisionInputs__Output } from '../../rolegate/v1/DecisionInputs.ts';

export interface PodState {
  'uid'?: (string);
  'namespace'?: (string);
  'name'?: (string);
  'serviceAccount'?: (string);
  'runtimeUid'?: (string);
  'ips'?: (string)[];
  'hostNetwork'?: (boolean);
  'ended'?: (boolean);
  'terminating'?: (boolean);
  'resourceVersions'?: (_rolegate_v1_ResourceVersions | null);
  'metadata'?: (_rolegate_v1_MetadataAccess | null);
  'allow'?: (_rolegate_v1_Allow | null);
  'deny'?: (_rolegate_v1_Deny | null);
  'pending'?: (_rolegate_v1_Pending | null);
  'inputs'?: (_rolegate_v1_DecisionInputs | null);
  'decision'?: "allow"|"deny"|"pending";
}

export interface PodState__Output {
  'uid': (string);
  'namespace': (string);
  'name': (string);
  'serviceAccount': (string);
  'runtimeUid': (string);
  'ips': (string)[];
  'hostNetwork': (boolean);
  'ended': (boolean);
  'terminating': (boolean);
  'resourceVersions': (_rolegate_v1_ResourceVersions__Output | null);
  'metadata': (_rolegate_v1_MetadataAccess__Output | null);
  'allow'?: (_rolegate_v1_Allow__Output | null);
  'deny'?: (_rolegate_v1_Deny__Output | null);
  'pending'?: (_rolegate_v1_Pending__Output | null);
  'inputs': (_rolegate_v1_DecisionInputs__Output | null);
  'decision'?: "allow"|"deny"|"pending";
}
