/**
 * The endpoint for container credentials (DESIGN.md 4.12). The addresses are those of EKS Pod Identity's agent, because SDKs
 * accept plain HTTP from no others but loopback and ECS (AWS SDKs and Tools Reference Guide, "Container credential provider").
 */
export const containerCredentials = {
  addresses: { ipv4: '169.254.170.23', ipv6: 'fd00:ec2::23' },
  /** EKS Pod Identity's agent has port 80. */
  port: 8182,
  path: '/v1/credentials',
  /** The audience of the ServiceAccount tokens that Pods show, unless configured otherwise. */
  audience: 'rolegate',
} as const;

/** The longest ServiceAccount token that is read. The longest that Kubernetes can issue has 2.2 kB. Bytes. */
export const LONGEST_SERVICE_ACCOUNT_TOKEN = 4_096;

/** Audiences of tokens that Pods or agents show to somebody else, who could use them here. */
const foreignAudiences: Readonly<Record<string, string>> = {
  'rolegate-server': 'agents prove their node with it',
  'sts.amazonaws.com': 'IRSA uses it for STS',
  'pods.eks.amazonaws.com': "EKS Pod Identity's agent uses it",
};

/** The API server's own audience is by default its issuer, and by convention a name of its Service. */
const API_SERVER = /^(https?:\/\/)?kubernetes(\.default(\.svc(\..+)?)?)?(:\d+)?\/?$/i;

/**
 * Why the audience must not be that of the ServiceAccount tokens for this endpoint; undefined if it may. An audience that others
 * accept too would let whoever receives such a token use it here, and the other way round.
 */
export function audienceFault(audience: string): string | undefined {
  if (API_SERVER.test(audience))
    return "it is an audience of the API server, so it is in every Pod's default token";
  return Object.hasOwn(foreignAudiences, audience) ? foreignAudiences[audience] : undefined;
}
