// Original file: protos/rolegate/v1/rolegate.proto


export interface Allow {
  'sessionId'?: (string);
  'roleArn'?: (string);
  'roleName'?: (string);
  'sessionName'?: (string);
}

export interface Allow__Output {
  'sessionId': (string);
  'roleArn': (string);
  'roleName': (string);
  'sessionName': (string);
}
