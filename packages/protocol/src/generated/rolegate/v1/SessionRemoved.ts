// Original file: protos/rolegate/v1/rolegate.proto


export interface SessionRemoved {
  'sessionId'?: (string);
}

export interface SessionRemoved__Output {
  'sessionId': (string);
}
