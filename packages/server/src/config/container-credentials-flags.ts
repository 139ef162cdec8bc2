import { containerCredentials } from '@rolegate/protocol';
import { list, setting } from '@rolegate/runtime';
import { audience, serviceAccountIssuer } from './kinds.ts';

const CONTAINER_CREDENTIALS = 'Container credentials';

/** Flags for the ServiceAccount tokens of Pods. Whether a node serves container credentials is a setting of its agent. */
export const containerCredentialsFlags = {
  'container-credentials-audience': setting(audience, {
    group: CONTAINER_CREDENTIALS,
    fallback: containerCredentials.audience,
    help: 'audience of the ServiceAccount tokens with which Pods prove themselves; the same for agents and servers',
  }),
  'service-account-issuer': list(serviceAccountIssuer, {
    group: CONTAINER_CREDENTIALS,
    separator: 'line',
    help:
      'issuer of ServiceAccount tokens that is accepted besides those that the API server names; needed if ' +
      'kube-apiserver has several --service-account-issuer, because it names only the first',
  }),
};
