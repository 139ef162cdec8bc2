// Original file: protos/rolegate/v1/rolegate.proto


export interface ResourceVersions {
  'pod'?: (string);
  'namespace'?: (string);
  'serviceAccount'?: (string);
}

export interface ResourceVersions__Output {
  'pod': (string);
  'namespace': (string);
  'serviceAccount': (string);
}
