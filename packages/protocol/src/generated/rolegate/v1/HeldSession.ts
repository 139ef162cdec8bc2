// Original file: protos/rolegate/v1/rolegate.proto

import type { Long } from '@grpc/proto-loader';

export interface HeldSession {
  'sessionId'?: (string);
  'fingerprint'?: (string);
  'remainingMs'?: (number | string | Long);
  'lifetimeMs'?: (number | string | Long);
  'unusedMs'?: (number | string | Long);
  '_unusedMs'?: "unusedMs";
}

export interface HeldSession__Output {
  'sessionId': (string);
  'fingerprint': (string);
  'remainingMs': (number);
  'lifetimeMs': (number);
  'unusedMs'?: (number);
  '_unusedMs'?: "unusedMs";
}
