// Original file: protos/rolegate/v1/rolegate.proto


export interface IssuerKey {
  'id'?: (string);
  'publicKey'?: (Buffer | Uint8Array | string);
}

export interface IssuerKey__Output {
  'id': (string);
  'publicKey': (Buffer);
}
