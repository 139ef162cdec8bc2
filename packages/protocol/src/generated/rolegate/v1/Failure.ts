// Original file: protos/rolegate/v1/rolegate.proto


export interface Failure {
  'reason'?: (string);
  'message'?: (string);
}

export interface Failure__Output {
  'reason': (string);
  'message': (string);
}
