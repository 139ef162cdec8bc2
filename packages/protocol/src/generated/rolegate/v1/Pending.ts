// Original file: protos/rolegate/v1/rolegate.proto


export interface Pending {
  'waitsFor'?: (string);
  'withdraws'?: (boolean);
}

export interface Pending__Output {
  'waitsFor': (string);
  'withdraws': (boolean);
}
