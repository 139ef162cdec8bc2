import type { Wanted, WantedVerdict } from './findings.ts';
import { GHOST, REPORTS, SHOP } from './fault-pods.ts';

/** What `doctor` finds while all of these are planted, which do not disturb each other. */
export const PLANTED: readonly Wanted[] = [
  {
    fault: "The server's own credentials have expired",
    severity: 'error',
    check: 'sts',
    what: "STS does not take the server's own credentials",
    evidence: /ExpiredToken/,
  },
  {
    fault: 'The base ARN is not detected',
    severity: 'error',
    check: 'sts',
    what: 'the role base ARN is not detected',
  },
  { fault: 'IMDSv1 is open', severity: 'error', check: 'imdsv1', what: 'answers IMDSv1' },
  {
    fault: 'The CNI directory is missing',
    severity: 'warning',
    check: 'addresses',
    what: 'no CNI results directory can be read',
    evidence: /elsewhere\S* is missing/,
  },
  {
    fault: 'The clock of the node is a minute ahead',
    severity: 'error',
    check: 'clock',
    what: "the clock of the node is ahead of the server's",
    evidence: /by 1m/,
  },
  {
    fault: 'The rules of one layer were flushed',
    severity: 'warning',
    check: 'rules',
    what: 'the rules, and they were repaired',
    evidence: /ROLEGATE-INPUT/,
  },
  {
    fault: 'The IPv6 rules of a layer are missing',
    severity: 'warning',
    check: 'rules',
    what: 'the rules of layer filter are not installed for IPv6',
  },
  {
    fault: "kiam's iptables rule is left over",
    severity: 'warning',
    check: 'leftovers',
    what: 'kiam',
    evidence: /-i cali\+ .*192\.0\.2\.10:8181/,
  },
  {
    fault: "A foreign listener has the agent's port",
    severity: 'error',
    check: 'ports',
    what: "a foreign listener has the agent's port 8181",
    evidence: /:8181, UID 2100008181/,
  },
  { fault: 'A node has no agent', severity: 'error', check: 'agents', what: 'no agent runs on the node' },
  {
    fault: 'A Pod Security label refuses the agent',
    severity: 'error',
    check: 'pod-security',
    what: 'Namespace rolegate enforces baseline',
  },
];

/** What `explain` says of these Pods once STS knows the server. */
export const EXPLAINED: readonly WantedVerdict[] = [
  {
    fault: 'The permit is missing',
    pod: `${REPORTS}/nightly`,
    at: 'Namespace',
    says: 'NamespaceDenied: Namespace reports does not permit',
    next: 'permit the role in the Namespace',
  },
  {
    fault: 'The role ARN has the wrong account',
    pod: `${SHOP}/wrong-account`,
    at: 'ceiling',
    says: "the role is in account 999999999999, but the server's account is 123456789012",
    next: 'correct the account in the role ARN',
  },
  {
    fault: 'The role does not trust the server, or does not exist: STS answers both with AccessDenied',
    pod: `${SHOP}/untrusted`,
    at: 'STS',
    says: 'StsAccessDenied',
    next: 'if the role does not exist, create it or correct its name',
  },
  {
    fault: 'STS throttles',
    pod: `${SHOP}/throttled`,
    at: 'STS',
    says: 'StsThrottled: STS throttles the account',
    next: 'raise the STS quota',
  },
  {
    fault: 'The Pod has the variables of IRSA',
    pod: `${SHOP}/irsa`,
    at: 'environment',
    says: 'container app has IRSA variables (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN)',
    next: 'remove',
  },
  {
    fault: 'The Pod has static keys in its environment',
    pod: `${SHOP}/static-keys`,
    at: 'environment',
    says: 'container app has static keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)',
    next: 'remove the keys',
  },
  {
    fault: 'The Pod is on the host network',
    pod: `${SHOP}/on-host`,
    at: 'Pod',
    says: 'HostNetwork',
    next: 'container credentials',
  },
  {
    fault: 'The Pod is static',
    pod: `${SHOP}/mirror`,
    at: 'Pod',
    says: 'StaticPod',
    next: 'Create the Pod through the API server',
  },
  {
    fault: "The Pod's node has no agent",
    pod: `${SHOP}/stranded`,
    at: 'agent',
    says: `no agent runs on ${GHOST}`,
    next: 'why it has no Pod there',
  },
];

/** Adds a minute to the clock of a program of Node.js. */
export const CLOCK_AHEAD = `--import=data:text/javascript,${[
  'const%20D=Date;',
  'globalThis.Date=class%20extends%20D{',
  'constructor(...a){a.length?super(...a):super(D.now()+61e3)}',
  'static%20now(){return%20D.now()+61e3}}',
].join('')}`;
