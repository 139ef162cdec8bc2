// Original file: protos/rolegate/v1/rolegate.proto


export interface PathGroups {
  'groups'?: (string)[];
}

export interface PathGroups__Output {
  'groups': (string)[];
}
