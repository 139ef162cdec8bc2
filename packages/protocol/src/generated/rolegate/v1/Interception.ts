// Original file: protos/rolegate/v1/rolegate.proto


export interface Interception {
  'nat'?: (boolean);
  'filter'?: (boolean);
  'route'?: (boolean);
  'input'?: (boolean);
  '_nat'?: "nat";
  '_filter'?: "filter";
  '_route'?: "route";
  '_input'?: "input";
}

export interface Interception__Output {
  'nat'?: (boolean);
  'filter'?: (boolean);
  'route'?: (boolean);
  'input'?: (boolean);
  '_nat'?: "nat";
  '_filter'?: "filter";
  '_route'?: "route";
  '_input'?: "input";
}
