import { integer, optional, setting, toggle, url } from '@rolegate/runtime';
import { assumedRole, region } from './kinds.ts';

const STS = 'STS';

/** Flags for calls to STS. */
export const stsFlags = {
  region: optional(region, {
    group: STS,
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    help: 'region of the STS endpoint; required unless --sts-endpoint is set',
  }),
  'sts-endpoint': optional(url(['https', 'http']), {
    group: STS,
    help: "STS endpoint to use instead of the region's, such as a VPC endpoint",
  }),
  'sts-fips': toggle({
    group: STS,
    env: ['AWS_USE_FIPS_ENDPOINT'],
    help: "use the region's endpoint with validated cryptography (FIPS 140)",
  }),
  'sts-dualstack': toggle({
    group: STS,
    env: ['AWS_USE_DUALSTACK_ENDPOINT'],
    help: "use the region's endpoint with IPv4 and IPv6",
  }),
  'assume-role-arn': optional(assumedRole, {
    group: STS,
    help:
      "role that the server assumes first; from this role it assumes the Pods' roles (role chaining, limits sessions " +
      'to 1h); a full ARN, or path/name under --role-base-arn',
  }),
  'sts-rate': setting(integer({ min: 1, max: 100_000 }), {
    group: STS,
    fallback: '100',
    help: 'average STS calls per second of this replica',
  }),
  'sts-burst': setting(integer({ min: 1, max: 1_000_000 }), {
    group: STS,
    fallback: '500',
    help:
      'STS calls that this replica can make in one burst; one Namespace can use four fifths of them; ' +
      'the chart sets 250, for two replicas',
  }),
};
