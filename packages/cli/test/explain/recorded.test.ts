import { readRecording } from '@rolegate/testing';
import { describe, expect, it } from 'vitest';
import { explained, standIn } from './cluster-setup.ts';
import { ROLE_ARN } from './evidence-setup.ts';
import type { Planted } from './evidence-setup.ts';

const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';
const NO_RULE = 'it has neither iam.amazonaws.com/permitted nor iam.amazonaws.com/allowed-roles';

interface Case extends Planted {
  readonly fault: string;
  /** Names of recordings; by default, a Pod that is served. */
  readonly byServer?: string;
  readonly byAgent?: string;
  readonly verdict: string;
  readonly command?: string;
}

/** Runs the command in a cluster whose server and agent print what the real ones did. */
async function explainRecorded({ byServer = 'served', byAgent = 'served', ...planted }: Case) {
  const cluster = standIn(planted);
  const { explanation, status } = (await readRecording(`agent/${byAgent}`)) as Record<string, object>;
  Object.assign(cluster.programs, {
    'server-0 --pod=shop/checkout --json': await readRecording(`server/${byServer}`),
    'agent-a --pod=shop/checkout --json': explanation,
    'agent-a status --json': status,
  });
  return explained(cluster, { width: 1_000 });
}

describe('kubectl rolegate explain, by recorded answers of servers and agents', () => {
  it.each<Case>([
    { fault: 'nothing', verdict: `nothing is broken: the Pod gets ${ROLE_ARN}` },
    {
      fault: 'a missing permit',
      byServer: 'missing-permit',
      byAgent: 'denied',
      verdict: `broken at Namespace: NamespaceDenied: Namespace shop does not permit ${ROLE_ARN}: ${NO_RULE}`,
      command: `kubectl annotate --overwrite namespace shop ${PERMITTED}=checkout`,
    },
    {
      fault: 'a permit of another role',
      byServer: 'other-permit',
      byAgent: 'denied',
      verdict: `broken at Namespace: NamespaceDenied: Namespace shop does not permit ${ROLE_ARN}: ${PERMITTED} is "cart"`,
      command: `kubectl annotate --overwrite namespace shop '${PERMITTED}=cart|checkout'`,
    },
    {
      fault: 'a permit that cannot be parsed',
      byServer: 'invalid-permit',
      byAgent: 'denied',
      verdict: `broken at Namespace: BadNamespaceRule: ${PERMITTED} of Namespace shop `,
      command: 'kubectl edit namespace shop',
    },
    {
      fault: 'a wrong account in the role ARN',
      byServer: 'wrong-account',
      byAgent: 'denied',
      verdict:
        "broken at ceiling: the role is in account 999999999999, but the server's account is 123456789012: OutsideCeiling",
      command: `kubectl -n shop annotate --overwrite pod checkout ${ROLE}=${ROLE_ARN}`,
    },
    {
      fault: 'an annotation that cannot be parsed',
      byServer: 'bad-annotation',
      byAgent: 'denied',
      verdict: `broken at annotation: BadAnnotation: of Pod shop/checkout, ${ROLE} `,
      command: 'kubectl -n shop edit pod checkout',
    },
    {
      fault: 'no role at all',
      byServer: 'no-role',
      byAgent: 'denied',
      verdict: 'broken at annotation: NoRole: neither Pod shop/checkout nor its ServiceAccount or Namespace',
      command: `kubectl -n shop annotate serviceaccount default ${ROLE}=ROLE`,
    },
    {
      fault: 'a missing trust, or a missing role',
      byServer: 'not-trusted',
      byAgent: 'refused-by-sts',
      verdict:
        'broken at STS: StsAccessDenied: the role does not exist, does not trust the server, or the server may not assume it: AccessDenied: User: arn:aws:sts::123456789012:assumed-role/rolegate-server/i-0 is not authorized',
      command: 'aws iam get-role --role-name checkout',
    },
    {
      fault: 'a throttled STS',
      byServer: 'throttled',
      byAgent: 'waiting-for-sts',
      verdict: 'broken at STS: StsThrottled: STS throttles the account: ThrottlingException: Rate exceeded',
    },
    {
      fault: "expired credentials of the server's own",
      byServer: 'expired-own-credentials',
      byAgent: 'waiting-for-sts',
      verdict:
        "broken at STS: ServerCredentials: the server's own AWS credentials are missing, expired or invalid: ExpiredTokenException: The security token included in the request is expired",
    },
    {
      fault: 'a base ARN that is not detected',
      byServer: 'undetected-base-arn',
      byAgent: 'waiting-for-base-arn',
      verdict:
        'broken at ceiling: the role base ARN is not detected: STS has not told the server its account yet',
    },
    {
      fault: 'IRSA variables on the Pod',
      env: [
        { name: 'AWS_ROLE_ARN', value: 'x' },
        { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: 'x' },
      ],
      verdict: 'broken at environment: container app has IRSA variables (AWS_WEB_IDENTITY_TOKEN_FILE,',
    },
    {
      fault: 'static keys in the environment',
      env: [
        { name: 'AWS_ACCESS_KEY_ID', value: 'x' },
        { name: 'AWS_SECRET_ACCESS_KEY', value: 'x' },
      ],
      verdict: 'broken at environment: container app has static keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS',
    },
    {
      fault: 'a Pod on the host network',
      byServer: 'host-network',
      byAgent: 'host-network',
      podSpec: { hostNetwork: true },
      verdict: 'broken at Pod: HostNetwork: Pod shop/checkout uses the host network',
    },
    {
      fault: 'a static Pod',
      byServer: 'static-pod',
      byAgent: 'denied',
      verdict: 'broken at Pod: StaticPod: Pod shop/checkout is a static Pod',
    },
    {
      fault: 'a closed metadata API',
      byServer: 'closed-metadata',
      byAgent: 'denied',
      verdict: 'broken at Namespace: MetadataDenied: ',
      command: 'kubectl annotate namespace shop rolegate.dev/metadata-',
    },
    {
      fault: 'a server that cannot be reached from the node, with a new Pod',
      byServer: 'without-agent',
      byAgent: 'unreachable-server-new-pod',
      verdict:
        'broken at agent: the agent of node-a has reached no server for 1m30s (14 UNAVAILABLE: connect ECONNREFUSED), and does not know the Pod',
    },
    {
      fault: 'a server that cannot be reached from the node, with a Pod that has its credentials',
      byServer: 'without-agent',
      byAgent: 'unreachable-server-running-pod',
      verdict:
        'works, with a warning: agent: has credentials …MPLE for 48 more minutes, but has reached no server for 1m30s (14 UNAVAILABLE: connect ECONNREFUSED)',
    },
    {
      fault: 'flushed rules of nat',
      byAgent: 'flushed-nat',
      verdict: 'broken at interception: the rules of layer nat are not installed',
    },
    {
      fault: 'a foreign listener',
      byAgent: 'foreign-listener',
      verdict: 'broken at interception: a foreign listener has 192.0.2.10:8181 (UID 1000)',
    },
    {
      fault: 'missing CNI results',
      byAgent: 'without-cni-results',
      verdict: 'works, with a warning: interception: no usable CNI results (/results missing)',
    },
    {
      fault: 'a Namespace that the server has not seen',
      byServer: 'unseen-namespace',
      byAgent: 'waiting-for-base-arn',
      verdict: 'broken at Namespace: Pending: waits for Namespace shop',
    },
    {
      fault: 'a Pod that nobody knows yet',
      byServer: 'unknown-pod',
      byAgent: 'unknown-pod',
      verdict:
        'broken at Pod: the server does not know it; it waits for nothing: the list of Pods is complete',
    },
  ])('With $fault, the verdict names it in one line and the commands repair it', async (planted) => {
    const { code, text, verdict } = await explainRecorded(planted);
    expect(verdict).toContain(planted.verdict);
    expect(code).toBe(verdict?.startsWith('broken') === true ? 1 : 0);
    if (planted.command !== undefined)
      expect(text.split('\n').map((line) => line.trim())).toContain(planted.command);
  });

  it('The entry of the list that permits the role is shown, and the list below it', async () => {
    const { text } = await explainRecorded({ fault: '', verdict: '', byServer: 'permitted-by-list' });
    expect(text).toMatch(
      /^Namespace +ok +permits .*role\/checkout by iam\.amazonaws\.com\/allowed-roles: check\*$/m,
    );
    expect(text).toMatch(/^ +iam\.amazonaws\.com\/allowed-roles: \["cart\*", "check\*"\]$/m);
  });
});
