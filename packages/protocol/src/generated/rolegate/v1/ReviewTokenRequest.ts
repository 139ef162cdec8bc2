// Original file: protos/rolegate/v1/rolegate.proto


export interface ReviewTokenRequest {
  'token'?: (string);
}

export interface ReviewTokenRequest__Output {
  'token': (string);
}
