import { IPV6_MODE } from '../client.ts';
import type { Client } from '../client.ts';
import { goClient } from './go.ts';

const hashicorp = { module: 'go/hashicorp', asksAgain: true, ipv6: IPV6_MODE } as const;

/** What Terraform and Vault put around the SDK for Go, with the release of it that they ask for. */
export const hashicorpClients: readonly Client[] = [
  goClient('aws-sdk-go-base 2.0.0-beta.74 (Terraform)', 'awsbase', hashicorp),
  goClient('awsutil 2.1.2 (Vault)', 'awsutil', { ...hashicorp, asksRegion: true }),
];
