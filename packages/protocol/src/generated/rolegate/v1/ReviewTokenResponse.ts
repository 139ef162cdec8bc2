// Original file: protos/rolegate/v1/rolegate.proto


export interface ReviewTokenResponse {
  'podUid'?: (string);
  'fault'?: (string);
}

export interface ReviewTokenResponse__Output {
  'podUid': (string);
  'fault': (string);
}
