// Original file: protos/rolegate/v1/rolegate.proto

import type { Long } from '@grpc/proto-loader';

export interface Hello {
  'version'?: (string);
  'serverName'?: (string);
  'serverTimeMs'?: (number | string | Long);
  'streamEndsInMs'?: (number | string | Long);
  'forget'?: (boolean);
}

export interface Hello__Output {
  'version': (string);
  'serverName': (string);
  'serverTimeMs': (number);
  'streamEndsInMs': (number);
  'forget': (boolean);
}
