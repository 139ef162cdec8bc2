// Original file: protos/rolegate/v1/rolegate.proto


export interface PodRemoved {
  'uid'?: (string);
  'resourceVersion'?: (string);
}

export interface PodRemoved__Output {
  'uid': (string);
  'resourceVersion': (string);
}
