// Original file: protos/rolegate/v1/rolegate.proto

import type { Long } from '@grpc/proto-loader';

export interface FirstDelivery {
  'podUid'?: (string);
  'sessionId'?: (string);
  'heldMs'?: (number | string | Long);
}

export interface FirstDelivery__Output {
  'podUid': (string);
  'sessionId': (string);
  'heldMs': (number);
}
