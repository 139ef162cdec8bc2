// Original file: protos/rolegate/v1/rolegate.proto


export interface DecisionInputs {
  'pod'?: (string);
  'namespace'?: (string);
  'serviceAccount'?: (string);
}

export interface DecisionInputs__Output {
  'pod': (string);
  'namespace': (string);
  'serviceAccount': (string);
}
