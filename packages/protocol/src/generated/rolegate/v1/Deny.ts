// Original file: protos/rolegate/v1/rolegate.proto


export interface Deny {
  'reason'?: (string);
  'message'?: (string);
  'roleName'?: (string);
}

export interface Deny__Output {
  'reason': (string);
  'message': (string);
  'roleName': (string);
}
