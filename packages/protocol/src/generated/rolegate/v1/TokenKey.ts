// Original file: protos/rolegate/v1/rolegate.proto


export interface TokenKey {
  'id'?: (string);
  'secret'?: (Buffer | Uint8Array | string);
}

export interface TokenKey__Output {
  'id': (string);
  'secret': (Buffer);
}
