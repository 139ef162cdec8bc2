// Original file: protos/rolegate/v1/rolegate.proto


export interface ResolveRequest {
  'ip'?: (string);
}

export interface ResolveRequest__Output {
  'ip': (string);
}
