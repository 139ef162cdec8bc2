// Original file: protos/rolegate/v1/rolegate.proto


export interface AttestRequest {
  'token'?: (string);
  'certificateRequest'?: (Buffer | Uint8Array | string);
}

export interface AttestRequest__Output {
  'token': (string);
  'certificateRequest': (Buffer);
}
