// Original file: protos/rolegate/v1/rolegate.proto


export interface Pending {
  'waitsFor'?: (string);
}

export interface Pending__Output {
  'waitsFor': (string);
}
