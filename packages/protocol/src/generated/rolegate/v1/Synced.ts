// Original file: protos/rolegate/v1/rolegate.proto


export interface Synced {
  'podsResourceVersion'?: (string);
}

export interface Synced__Output {
  'podsResourceVersion': (string);
}
