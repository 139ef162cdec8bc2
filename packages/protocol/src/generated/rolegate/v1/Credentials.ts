// Original file: protos/rolegate/v1/rolegate.proto

import type { Long } from '@grpc/proto-loader';

export interface Credentials {
  'accessKeyId'?: (string);
  'secretAccessKey'?: (string);
  'sessionToken'?: (string);
  'remainingMs'?: (number | string | Long);
  'lifetimeMs'?: (number | string | Long);
  'accountId'?: (string);
  'fingerprint'?: (string);
}

export interface Credentials__Output {
  'accessKeyId': (string);
  'secretAccessKey': (string);
  'sessionToken': (string);
  'remainingMs': (number);
  'lifetimeMs': (number);
  'accountId': (string);
  'fingerprint': (string);
}
