// Original file: protos/rolegate/v1/rolegate.proto


export interface AttestResponse {
  'certificateChain'?: (string);
  'authorities'?: (string);
}

export interface AttestResponse__Output {
  'certificateChain': (string);
  'authorities': (string);
}
