import type { Values } from './helm.ts';
import { IMAGES } from './images.ts';

/** Of the server's own credentials; the stand-in for STS takes any. */
export const CREDENTIALS_SECRET = 'rolegate-server-aws';
/** With a key pair and the authority's certificate each, where `tls` is a Secret. */
export const TLS_SECRETS = { server: 'rolegate-server-tls', agent: 'rolegate-agent-tls' } as const;

export type Tls = 'authority' | 'existingSecret';

/** By its name and tag. */
export function imageOf(image: string): { readonly repository: string; readonly tag: string } {
  const [repository = '', tag = ''] = image.split(/:(?=[^:]*$)/);
  return { repository, tag };
}

const tls = (mode: Tls, chart: keyof typeof TLS_SECRETS) =>
  mode === 'authority' ? { mode } : { mode, existingSecret: { name: TLS_SECRETS[chart] } };

/** What one has to say to the server's chart here, and nothing else. */
export function serverValues({ stsEndpoint, tls: mode }: { stsEndpoint: string; tls: Tls }): Values {
  return {
    image: imageOf(IMAGES.server),
    clusterName: 'e2e',
    region: 'us-east-1',
    roles: { baseArn: 'arn:aws:iam::123456789012:role/' },
    credentials: { source: 'secret', secret: { name: CREDENTIALS_SECRET } },
    sts: { endpoint: stsEndpoint },
    tls: tls(mode, 'server'),
    admissionPolicy: { enabled: true },
  };
}

/** The same for the agent's, which goes to one node only. */
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
}): Values {
  return {
    image: imageOf(IMAGES.agent),
    nodeSelector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': node },
    tls: tls(mode, 'agent'),
    ...more,
  };
}
