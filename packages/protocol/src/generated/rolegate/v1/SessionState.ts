// Original file: protos/rolegate/v1/rolegate.proto

import type { Credentials as _rolegate_v1_Credentials, Credentials__Output as _rolegate_v1_Credentials__Output } from '../../rolegate/v1/Credentials.ts';
import type { Failure as _rolegate_v1_Failure, Failure__Output as _rolegate_v1_Failure__Output } from '../../rolegate/v1/Failure.ts';

export interface SessionState {
  'sessionId'?: (string);
  'credentials'?: (_rolegate_v1_Credentials | null);
  'failure'?: (_rolegate_v1_Failure | null);
  'heldFingerprint'?: (string);
}

export interface SessionState__Output {
  'sessionId': (string);
  'credentials': (_rolegate_v1_Credentials__Output | null);
  'failure': (_rolegate_v1_Failure__Output | null);
  'heldFingerprint': (string);
}
