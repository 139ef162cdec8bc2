import { integer, optional, setting, toggle, url } from '@rolegate/runtime';
import { assumedRole, region } from './kinds.ts';

const STS = 'STS';

/** Whom the server asks for credentials, and how often. */
export const stsFlags = {
  region: optional(region, {
    group: STS,
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    help: 'region whose STS is asked; needed unless --sts-endpoint is given',
  }),
  'sts-endpoint': optional(url(['https', 'http']), {
    group: STS,
    help: 'STS to ask instead of the one of the region, such as a VPC endpoint',
  }),
  'sts-fips': toggle({
    group: STS,
    env: ['AWS_USE_FIPS_ENDPOINT'],
    help: "ask the region's endpoint with validated cryptography (FIPS 140)",
  }),
  'sts-dualstack': toggle({
    group: STS,
    env: ['AWS_USE_DUALSTACK_ENDPOINT'],
    help: "ask the region's endpoint that has IPv6 as well",
  }),
  'assume-role-arn': optional(assumedRole, {
    group: STS,
    help:
      'role that the server assumes first, and with what it gets the roles of Pods; ' +
      'path/name under --role-base-arn will do; sessions of an hour at most then',
  }),
  'sts-rate': setting(integer({ min: 1, max: 100_000 }), {
    group: STS,
    fallback: '100',
    help: 'calls a second that this replica makes at most, in the long run',
  }),
  'sts-burst': setting(integer({ min: 1, max: 1_000_000 }), {
    group: STS,
    fallback: '500',
    help: 'calls that it may make at once after a pause; four fifths of them for one Namespace',
  }),
};
