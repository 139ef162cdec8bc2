import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../src/policy/decide.ts';
import { ACCOUNT, ALLOWED_ROLES, METADATA, PERMITTED, ROLE } from './setup.ts';
import { decide, outcome, settings, subjectOf } from './setup.ts';
import type { Situation } from './setup.ts';

const TAGS = 'rolegate.dev/session-tags';
const EXTERNAL_ID = 'iam.amazonaws.com/external-id';
const DEFAULT_ROLE = 'rolegate.dev/default-role';
const OTHER = 'arn:aws:iam::999999999999:role/reader';

const reader = { [ROLE]: 'reader' };
const permitsReader = { [PERMITTED]: 'reader' };
const allowReader = `allow ${ACCOUNT}reader`;

interface Row extends Situation {
  readonly what: string;
  readonly is: string;
}

function table(rows: readonly Row[]): void {
  it.each(rows)('The decision is "$is" in the case "$what"', ({ is, ...situation }) => {
    expect(outcome(situation)).toBe(is);
  });
}

describe('Role source', () => {
  table([
    { what: 'nobody', is: 'NoRole', namespace: permitsReader },
    { what: 'the Pod', annotations: reader, namespace: permitsReader, is: allowReader },
    { what: 'the ServiceAccount', serviceAccount: reader, namespace: permitsReader, is: allowReader },
    {
      what: 'the Pod over its ServiceAccount',
      annotations: reader,
      serviceAccount: { [ROLE]: 'writer' },
      namespace: { [PERMITTED]: '.*' },
      is: allowReader,
    },
    {
      what: "the Namespace's default, permitted",
      namespace: { ...permitsReader, [DEFAULT_ROLE]: 'reader' },
      is: allowReader,
    },
    {
      what: "the Namespace's default, not permitted",
      namespace: { ...permitsReader, [DEFAULT_ROLE]: 'writer' },
      is: 'NamespaceDenied',
    },
    {
      what: "the Namespace's default, bad",
      namespace: { ...permitsReader, [DEFAULT_ROLE]: 'a b' },
      settings: { defaultRole: 'reader' },
      is: 'BadAnnotation',
    },
    {
      what: 'the ServiceAccount over the default',
      serviceAccount: reader,
      namespace: { [PERMITTED]: '.*', [DEFAULT_ROLE]: 'writer' },
      is: allowReader,
    },
    {
      what: "the cluster's default, permitted",
      settings: { defaultRole: 'reader' },
      namespace: permitsReader,
      is: allowReader,
    },
    {
      what: "the cluster's default, not permitted",
      settings: { defaultRole: 'reader' },
      is: 'NamespaceDenied',
    },
    {
      what: "the Namespace's default over the cluster's",
      settings: { defaultRole: 'writer' },
      namespace: { [PERMITTED]: '.*', [DEFAULT_ROLE]: 'reader' },
      is: allowReader,
    },
    {
      what: 'the ServiceAccount of a Pod whose role is empty',
      annotations: { [ROLE]: '' },
      serviceAccount: reader,
      namespace: permitsReader,
      is: allowReader,
    },
    {
      what: "the Namespace's default, beside blank roles",
      annotations: { [ROLE]: ' \n' },
      serviceAccount: { [ROLE]: '\n' },
      namespace: { ...permitsReader, [DEFAULT_ROLE]: 'reader\n' },
      is: allowReader,
    },
    {
      what: "the cluster's default, beside an empty one of the Namespace",
      settings: { defaultRole: 'reader' },
      namespace: { ...permitsReader, [DEFAULT_ROLE]: '' },
      is: allowReader,
    },
    {
      what: 'a Pod whose role does not parse, beside a good ServiceAccount',
      annotations: { [ROLE]: 'arn:x' },
      serviceAccount: reader,
      namespace: permitsReader,
      is: 'BadAnnotation',
    },
    {
      what: 'a ServiceAccount whose role does not parse, beside a good default',
      serviceAccount: { [ROLE]: 'a b' },
      namespace: { ...permitsReader, [DEFAULT_ROLE]: 'reader' },
      is: 'BadAnnotation',
    },
    {
      what: 'a bad ServiceAccount that the Pod has no need of',
      annotations: reader,
      serviceAccount: { [ROLE]: 'a b' },
      namespace: permitsReader,
      is: allowReader,
    },
  ]);
});

describe('Namespace permit', () => {
  table([
    { what: 'nothing, without an annotation', annotations: reader, is: 'NamespaceDenied' },
    {
      what: 'nothing, by an empty one',
      annotations: reader,
      namespace: { [PERMITTED]: '' },
      is: 'NamespaceDenied',
    },
    {
      what: 'nothing, by an empty list',
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: '[]' },
      is: 'NamespaceDenied',
    },
    {
      what: 'path/name',
      annotations: { [ROLE]: '/team/reader' },
      namespace: { [PERMITTED]: 'team/.*' },
      is: `allow ${ACCOUNT}team/reader`,
    },
    {
      what: 'the full ARN, of a role named by name',
      annotations: reader,
      namespace: { [PERMITTED]: `${ACCOUNT}reader` },
      is: allowReader,
    },
    {
      what: 'the name, of a role named by ARN',
      annotations: { [ROLE]: `${ACCOUNT}reader` },
      namespace: permitsReader,
      is: allowReader,
    },
    {
      what: 'the name, but of another account',
      annotations: { [ROLE]: OTHER },
      settings: { ceilings: ['*'] },
      namespace: permitsReader,
      is: 'NamespaceDenied',
    },
    {
      what: 'alternatives whole',
      annotations: { [ROLE]: 'team-a-admin' },
      namespace: { [PERMITTED]: 'team-a|team-b' },
      is: 'NamespaceDenied',
    },
    { what: '(', annotations: reader, namespace: { [PERMITTED]: '(' }, is: 'BadNamespaceRule' },
    { what: 'x)|(?:.*', annotations: reader, namespace: { [PERMITTED]: 'x)|(?:.*' }, is: 'BadNamespaceRule' },
    {
      what: 'an expression over 4 kB',
      annotations: reader,
      namespace: { [PERMITTED]: `reader|${'x'.repeat(4096)}` },
      is: 'BadNamespaceRule',
    },
    { what: 'a list', annotations: reader, namespace: { [ALLOWED_ROLES]: '["x","read*"]' }, is: allowReader },
    {
      what: 'a list of full ARNs',
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: `["${ACCOUNT}r*"]` },
      is: allowReader,
    },
    {
      what: 'a list with a slash',
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: '["/reader"]' },
      is: allowReader,
    },
    {
      what: 'a list whole, unlike kube2iam',
      annotations: { [ROLE]: 'evil-app-admin' },
      namespace: { [ALLOWED_ROLES]: '["evil-app"]' },
      is: 'NamespaceDenied',
    },
    {
      what: 'by a list, the name, but of another account',
      annotations: { [ROLE]: OTHER },
      settings: { ceilings: ['*'] },
      namespace: { [ALLOWED_ROLES]: '["*"]' },
      is: 'NamespaceDenied',
    },
    {
      what: 'either, with both',
      annotations: reader,
      namespace: { [PERMITTED]: 'x', [ALLOWED_ROLES]: '["reader"]' },
      is: allowReader,
    },
    {
      what: 'either, the other way round',
      annotations: reader,
      namespace: { ...permitsReader, [ALLOWED_ROLES]: '["x"]' },
      is: allowReader,
    },
    {
      what: 'nothing, where one of both is bad',
      annotations: reader,
      namespace: { [PERMITTED]: '(', [ALLOWED_ROLES]: '["reader"]' },
      is: 'BadNamespaceRule',
    },
    {
      what: 'nothing, where the other is bad',
      annotations: reader,
      namespace: { ...permitsReader, [ALLOWED_ROLES]: 'reader' },
      is: 'BadNamespaceRule',
    },
    ...[
      'reader',
      '"reader"',
      '{"0":"reader"}',
      '["reader",1]',
      '[["reader"]]',
      'null',
      '['.repeat(100_000),
    ].map((list) => ({
      what: `a list written ${list.slice(0, 20)}`,
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: list },
      is: 'BadNamespaceRule',
    })),
  ]);

  it("A denial shows the requested role and the Namespace's rule", () => {
    const { decision } = decide({ annotations: { [ROLE]: `${ACCOUNT}writer` }, namespace: permitsReader });
    expect(decision).toEqual({
      kind: 'deny',
      reason: 'NamespaceDenied',
      roleName: 'writer',
      annotated: true,
      message: `Namespace team-a does not permit ${ACCOUNT}writer: ${PERMITTED} is "reader"`,
    });
  });

  it('The faults of Namespace rules are reported even if the Pod is denied for another reason', () => {
    const { decision, namespaceRuleFault } = decide({
      namespace: { [PERMITTED]: '(', 'rolegate.dev/permitted-external-ids': 'x', [DEFAULT_ROLE]: 'ok' },
      annotations: { [ROLE]: 'arn:x' },
    });
    expect(decision).toMatchObject({ reason: 'BadAnnotation' });
    expect(namespaceRuleFault).toMatch(
      /^Namespace team-a: iam\.amazonaws\.com\/permitted does not parse.*; rolegate/,
    );
    expect(decide({ namespace: permitsReader })).not.toHaveProperty('namespaceRuleFault');
  });
});

describe('Role ceiling', () => {
  const all = { [PERMITTED]: '.*' };
  table([
    { what: 'the own account, by default', annotations: reader, namespace: all, is: allowReader },
    {
      what: 'another account, by default',
      annotations: { [ROLE]: OTHER },
      namespace: all,
      is: 'OutsideCeiling',
    },
    {
      what: 'a role beside the path of the base ARN, by default',
      annotations: { [ROLE]: `${ACCOUNT}reader` },
      settings: { roleBaseArn: `${ACCOUNT}k8s/` },
      namespace: all,
      is: allowReader,
    },
    {
      what: 'another partition, by default',
      annotations: { [ROLE]: 'arn:aws-cn:iam::123456789012:role/reader' },
      namespace: all,
      is: 'OutsideCeiling',
    },
    {
      what: 'a glob that fits',
      annotations: { [ROLE]: OTHER },
      settings: { ceilings: [`${ACCOUNT}*`, '*:999999999999:role/r*'] },
      namespace: all,
      is: `allow ${OTHER}`,
    },
    {
      what: 'a glob that fits no more than a part',
      annotations: reader,
      settings: { ceilings: ['reader'] },
      namespace: all,
      is: 'OutsideCeiling',
    },
    {
      what: 'above a bad rule',
      annotations: { [ROLE]: OTHER },
      namespace: { [PERMITTED]: '(' },
      is: 'OutsideCeiling',
    },
    {
      what: 'above audit',
      annotations: { [ROLE]: OTHER },
      settings: { namespacePolicy: 'audit' },
      is: 'OutsideCeiling',
    },
  ]);
});

describe('Audit', () => {
  const audit = { namespacePolicy: 'audit' } as const;

  it.each([
    { what: 'no permit', namespace: {}, reason: 'NamespaceDenied' },
    { what: 'a bad rule', namespace: { [PERMITTED]: '(' }, reason: 'BadNamespaceRule' },
    { what: 'an absent Namespace', namespace: 'absent' as const, reason: 'NamespaceDenied' },
  ])('With $what, audit allows the role and says what enforce would decide', ({ namespace, reason }) => {
    const { decision } = decide({ settings: audit, annotations: reader, namespace });
    expect(decision).toMatchObject({ kind: 'allow', roleName: 'reader', auditWould: { reason } });
  });

  it('Audit reports nothing if enforce permits the role too', () => {
    const { decision } = decide({ settings: audit, annotations: reader, namespace: permitsReader });
    expect(decision.kind).toBe('allow');
    expect(decision).not.toHaveProperty('auditWould');
  });

  table([
    { what: 'a bad annotation stays', settings: audit, annotations: { [ROLE]: 'a b' }, is: 'BadAnnotation' },
    { what: 'no role stays', settings: audit, is: 'NoRole' },
    {
      what: 'host network stays',
      settings: audit,
      annotations: reader,
      pod: { hostNetwork: true },
      is: 'HostNetwork',
    },
    {
      what: 'metadata deny stays',
      settings: audit,
      annotations: reader,
      namespace: { [METADATA]: 'deny' },
      is: 'MetadataDenied',
    },
  ]);
});

describe('Pending decision', () => {
  const noBase = { roleBaseArn: undefined };
  table([
    { what: 'an unseen Namespace', annotations: reader, namespace: 'unseen', is: 'pending Namespace team-a' },
    { what: 'an unseen Namespace, without a role', namespace: 'unseen', is: 'pending Namespace team-a' },
    { what: 'an absent Namespace', annotations: reader, namespace: 'absent', is: 'NamespaceDenied' },
    { what: 'an absent Namespace, without a role', namespace: 'absent', is: 'NamespaceDenied' },
    {
      what: 'an unseen ServiceAccount, of a Pod that names none',
      serviceAccount: 'unseen',
      namespace: permitsReader,
      is: 'pending ServiceAccount team-a/reader',
    },
    {
      what: 'an unseen ServiceAccount, of a Pod that names one',
      annotations: reader,
      serviceAccount: 'unseen',
      namespace: permitsReader,
      is: allowReader,
    },
    {
      what: 'an absent ServiceAccount',
      serviceAccount: 'absent',
      namespace: { ...permitsReader, [DEFAULT_ROLE]: 'reader' },
      is: allowReader,
    },
    { what: 'an absent ServiceAccount, and no default', serviceAccount: 'absent', is: 'NoRole' },
    { what: 'no base ARN, no role', settings: noBase, is: 'NoRole' },
    { what: 'no base ARN, a name', settings: noBase, annotations: reader, is: 'pending role base ARN' },
    {
      what: 'no base ARN, a bad name',
      settings: noBase,
      annotations: { [ROLE]: 'a b' },
      is: 'BadAnnotation',
    },
    {
      what: 'no base ARN, an ARN under the default ceiling',
      settings: noBase,
      annotations: { [ROLE]: OTHER },
      namespace: { [PERMITTED]: '.*' },
      is: 'pending role base ARN',
    },
    {
      what: 'no base ARN, an ARN outside an own ceiling',
      settings: { ...noBase, ceilings: ['x'] },
      annotations: { [ROLE]: OTHER },
      is: 'OutsideCeiling',
    },
    {
      what: 'no base ARN, an ARN permitted as such',
      settings: { ...noBase, ceilings: ['*'] },
      annotations: { [ROLE]: OTHER },
      namespace: { [PERMITTED]: '.*:role/reader' },
      is: `allow ${OTHER}`,
    },
    {
      what: 'no base ARN, an ARN that may be permitted by name',
      settings: { ...noBase, ceilings: ['*'] },
      annotations: { [ROLE]: OTHER },
      namespace: permitsReader,
      is: 'pending role base ARN',
    },
    {
      what: 'no base ARN, an ARN that may be on the list by name',
      settings: { ...noBase, ceilings: ['*'] },
      annotations: { [ROLE]: OTHER },
      namespace: { [ALLOWED_ROLES]: '["x"]' },
      is: 'pending role base ARN',
    },
    {
      what: 'no base ARN, an ARN that nothing permits',
      settings: { ...noBase, ceilings: ['*'] },
      annotations: { [ROLE]: OTHER },
      namespace: { [ALLOWED_ROLES]: '["arn:x"]' },
      is: 'NamespaceDenied',
    },
    {
      what: 'a base ARN that does not parse counts as none',
      settings: { roleBaseArn: 'nonsense' },
      annotations: { [ROLE]: OTHER },
      namespace: { [PERMITTED]: '.*' },
      is: 'pending role base ARN',
    },
  ]);

  it('A pending decision is allowed as soon as the settings have the base ARN', () => {
    const found: { arn?: string } = {};
    const policy = createPolicy({
      ...settings,
      get roleBaseArn() {
        return found.arn;
      },
    });
    const subject = subjectOf({ annotations: reader, namespace: permitsReader });
    expect(policy.decide(subject).decision.kind).toBe('pending');
    found.arn = ACCOUNT;
    expect(policy.decide(subject).decision.kind).toBe('allow');
  });
});

describe('On a node that serves container credentials', () => {
  const served = { servesContainerCredentials: true, annotations: reader, namespace: permitsReader } as const;
  const denied = { ...reader, [METADATA]: 'deny' };
  table([
    { ...served, what: 'a host-network Pod', pod: { hostNetwork: true }, is: allowReader },
    {
      ...served,
      what: 'a host-network Pod without a permit',
      pod: { hostNetwork: true },
      namespace: {},
      is: 'NamespaceDenied',
    },
    {
      ...served,
      what: 'a host-network Pod in an unseen Namespace',
      pod: { hostNetwork: true },
      namespace: 'unseen',
      is: 'pending Namespace team-a',
    },
    { ...served, what: 'a static Pod', pod: { hostNetwork: true, staticPod: true }, is: 'StaticPod' },
    { ...served, what: 'metadata deny of the Pod', annotations: denied, is: allowReader },
    {
      ...served,
      what: 'metadata deny of the Namespace',
      namespace: { ...permitsReader, [METADATA]: 'deny' },
      is: allowReader,
    },
    {
      ...served,
      what: 'metadata deny without a permit',
      annotations: denied,
      namespace: {},
      is: 'NamespaceDenied',
    },
  ]);

  it.each([true, false])(
    'The annotations of `kubectl rolegate revoke` take the role at both endpoints, whatever the ServiceAccount says (served: %s)',
    (servesContainerCredentials) => {
      const annotations = { [METADATA]: 'deny', [ROLE]: '(revoked, was reader)' };
      const situation = { annotations, namespace: permitsReader, serviceAccount: reader };
      const { decision, metadata } = decide({ ...situation, servesContainerCredentials });
      expect([decision.kind, metadata.denied]).toEqual(['deny', true]);
    },
  );

  it.each([
    { whose: 'the Pod', annotations: denied, namespace: permitsReader },
    { whose: 'the Namespace', annotations: reader, namespace: { ...permitsReader, [METADATA]: 'deny' } },
  ])('The metadata API stays closed by $whose', ({ whose, ...situation }) => {
    expect(whose).not.toBe('');
    expect(decide({ ...situation, servesContainerCredentials: true }).metadata).toEqual({ denied: true });
  });

  it('On another node, the denial says why: no connected agent of its node serves container credentials', () => {
    const { decision } = decide({
      annotations: reader,
      namespace: permitsReader,
      pod: { hostNetwork: true },
    });
    expect(decision).toMatchObject({
      reason: 'HostNetwork',
      message:
        'Pod team-a/web-0 uses the host network, and no connected agent of its node serves container credentials',
    });
  });
});

describe('Early denial', () => {
  const unseen = { namespace: 'unseen', serviceAccount: 'unseen' } as const;
  const bad = { [ROLE]: 'a b' };
  table([
    { what: 'host network', ...unseen, annotations: reader, pod: { hostNetwork: true }, is: 'HostNetwork' },
    { what: 'static Pod', ...unseen, annotations: reader, pod: { staticPod: true }, is: 'StaticPod' },
    {
      what: 'metadata deny',
      ...unseen,
      annotations: { ...reader, [METADATA]: 'deny' },
      is: 'MetadataDenied',
    },
    { what: 'a bad role', ...unseen, annotations: bad, is: 'BadAnnotation' },
    {
      what: 'host network before a bad role',
      annotations: bad,
      pod: { hostNetwork: true },
      is: 'HostNetwork',
    },
    {
      what: 'metadata deny before host network',
      annotations: { [METADATA]: 'deny' },
      pod: { hostNetwork: true },
      is: 'MetadataDenied',
    },
    {
      what: "the Namespace's metadata deny before a bad role",
      annotations: bad,
      namespace: { [METADATA]: 'deny' },
      is: 'MetadataDenied',
    },
  ]);
});

describe('Annotated Pod', () => {
  it.each([
    { what: 'a bare host-network Pod', annotated: false, pod: { hostNetwork: true } },
    { what: 'one that names a role', annotated: true, pod: { hostNetwork: true }, annotations: reader },
    {
      what: 'one whose ServiceAccount does',
      annotated: true,
      pod: { hostNetwork: true },
      serviceAccount: reader,
    },
    { what: 'one with an external ID', annotated: true, annotations: { [EXTERNAL_ID]: 'x' } },
    { what: 'one with bad tags', annotated: true, annotations: { [TAGS]: 'x' } },
    { what: 'one that gets a default', annotated: false, namespace: { [DEFAULT_ROLE]: 'reader' } },
    { what: 'one with closed metadata', annotated: false, annotations: { [METADATA]: 'deny' } },
  ])('The denial of $what says whether it is annotated: $annotated', ({ annotated, ...situation }) => {
    expect(decide(situation).decision).toMatchObject({ kind: 'deny', annotated });
  });
});
