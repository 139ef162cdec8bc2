import type * as api from '@kubernetes/client-node';

/** An object as the API server sends it, not an instance of the client's class. */
type Plain<T> = T extends Date
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Plain<T[Key]> }
      : T;

export type V1Container = Plain<api.V1Container>;
export type V1ContainerStatus = Plain<api.V1ContainerStatus>;
export type V1DaemonSet = Plain<api.V1DaemonSet>;
export type V1EnvFromSource = Plain<api.V1EnvFromSource>;
export type V1EnvVar = Plain<api.V1EnvVar>;
export type V1Namespace = Plain<api.V1Namespace>;
export type V1Node = Plain<api.V1Node>;
export type V1Pod = Plain<api.V1Pod>;
