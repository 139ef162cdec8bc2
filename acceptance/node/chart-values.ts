import type { Values } from './helm.ts';

/** The Secret with the server's AWS credentials. The STS stand-in accepts any. */
export const CREDENTIALS_SECRET = 'rolegate-server-aws';
/** Secrets with a key pair and the CA certificate, for `existingSecret`. */
export const TLS_SECRETS = { server: 'rolegate-server-tls', agent: 'rolegate-agent-tls' } as const;

export type Tls = 'authority' | 'existingSecret';

/** The value of both charts. */
interface ContainerCredentials {
  readonly enabled: boolean;
}

const tls = (mode: Tls, chart: keyof typeof TLS_SECRETS) =>
  mode === 'authority' ? { mode } : { mode, existingSecret: { name: TLS_SECRETS[chart] } };

/** The least values that the server's chart needs here. */
export function serverValues({
  stsEndpoint,
  tls: mode,
  ...more
}: {
  stsEndpoint: string;
  tls: Tls;
  containerCredentials?: ContainerCredentials;
}): Values {
  return {
    clusterName: 'e2e',
    region: 'us-east-1',
    roles: { baseArn: 'arn:aws:iam::123456789012:role/' },
    credentials: { source: 'secret', secret: { name: CREDENTIALS_SECRET } },
    sts: { endpoint: stsEndpoint },
    tls: tls(mode, 'server'),
    admissionPolicy: { enabled: true },
    ...more,
  };
}

/** The least values of the agent's chart, which runs on one node only. */
export function agentValues({
  node,
  tls: mode,
  ...more
}: {
  node: string;
  tls: Tls;
  mode?: 'firewall';
  uninstall?: true;
  podAnnotations?: Readonly<Record<string, string>>;
  containerCredentials?: ContainerCredentials;
}): Values {
  return {
    nodeSelector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': node },
    tls: tls(mode, 'agent'),
    ...more,
  };
}
