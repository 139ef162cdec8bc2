import { describe, expect, it } from 'vitest';
import { explainPage } from '../../src/explain/page.ts';
import { evidence } from './evidence-setup.ts';
import type { Planted } from './evidence-setup.ts';

const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';
const ALLOWED = 'iam.amazonaws.com/allowed-roles';
const METADATA = 'rolegate.dev/metadata';
const WRONG_ARN = 'arn:aws:iam::999999999999:role/checkout';
const RIGHT_ARN = 'arn:aws:iam::123456789012:role/checkout';

/** The commands for a Pod that is denied its role by its Namespace's rules. */
function permitting(role: string, namespace: object): readonly string[] {
  const message = `Namespace shop does not permit arn:aws:iam::123456789012:role/${role}: …`;
  const decision = { kind: 'deny', reason: 'NamespaceDenied', message, role };
  const annotations = { pod: { [ROLE]: role }, serviceAccount: {}, namespace };
  return explainPage(evidence({ server: { decision, annotations, session: undefined } })).commands;
}

function denying(reason: string, annotations: object, podMetadata: Planted['podMetadata'] = {}) {
  const server = { decision: { kind: 'deny', reason, message: 'no' }, annotations, session: undefined };
  return explainPage(evidence({ server, podMetadata }));
}

const owned = (kind: string, name: string, labels = {}) => ({
  labels,
  ownerReferences: [{ controller: true, kind, name }],
});

describe('The next step after a refusal', () => {
  it.each([
    { rules: {}, role: 'checkout', set: `${PERMITTED}=checkout` },
    { rules: {}, role: 'a.b+c', set: `'${PERMITTED}=a\\.b\\+c'` },
    { rules: { [PERMITTED]: 'cart' }, role: 'checkout', set: `'${PERMITTED}=cart|checkout'` },
    { rules: { [PERMITTED]: "it's\n" }, role: 'checkout', set: `'${PERMITTED}=it'\\''s|checkout'` },
    { rules: { [PERMITTED]: ' ', [ALLOWED]: '["a"]' }, role: 'b', set: `'${ALLOWED}=["a","b"]'` },
  ])('Besides $rules, $role is permitted by one command', ({ rules, role, set }) => {
    expect(permitting(role, rules)).toEqual([`kubectl annotate --overwrite namespace shop ${set}`]);
  });

  it.each([
    { rules: { [PERMITTED]: 'a\u0007b' } },
    { rules: { [PERMITTED]: 'a'.repeat(201) } },
    { rules: { [ALLOWED]: 'not a list' } },
    { rules: { [ALLOWED]: '[1]' } },
  ])('Rules that no command should repeat are edited', ({ rules }) => {
    expect(permitting('checkout', rules)).toEqual(['kubectl edit namespace shop']);
  });

  it('What is not a role is permitted by hand', () => {
    const message = 'rolegate.dev/permitted-external-ids of Namespace shop does not permit the external ID';
    const decision = { kind: 'deny', reason: 'NamespaceDenied', message, role: 'checkout' };
    const page = explainPage(evidence({ server: { decision, session: undefined } }));
    expect(page.commands).toEqual(['kubectl edit namespace shop']);
  });

  const ofPod = { pod: { [ROLE]: WRONG_ARN }, serviceAccount: {}, namespace: {} };
  const patch = (kind: string, annotations: object) =>
    `kubectl -n shop patch ${kind} checkout --type=merge -p '${JSON.stringify({ spec: { template: { metadata: { annotations } } } })}'`;
  it.each([
    {
      of: 'a Deployment',
      owner: owned('ReplicaSet', 'checkout-7d9c', { 'pod-template-hash': '7d9c' }),
      command: patch('deployment', { [ROLE]: RIGHT_ARN }),
    },
    {
      of: 'a StatefulSet',
      owner: owned('StatefulSet', 'checkout'),
      command: patch('statefulset', { [ROLE]: RIGHT_ARN }),
    },
    { of: 'a Job', owner: owned('Job', 'checkout'), command: 'kubectl -n shop edit job checkout' },
    {
      of: 'nothing',
      owner: {},
      command: `kubectl -n shop annotate --overwrite pod checkout ${ROLE}=${RIGHT_ARN}`,
    },
  ])('The account of the role is corrected where it lasts, for a Pod of $of', ({ owner, command }) => {
    expect(denying('OutsideCeiling', ofPod, owner).commands).toEqual([command]);
  });

  it('The account of the role is corrected on the ServiceAccount that names it', () => {
    const annotations = { pod: {}, serviceAccount: { [ROLE]: WRONG_ARN }, namespace: {} };
    expect(denying('OutsideCeiling', annotations).commands).toEqual([
      `kubectl -n shop annotate --overwrite serviceaccount default ${ROLE}=${RIGHT_ARN}`,
    ]);
  });

  it.each([
    { pod: {}, namespace: { [METADATA]: 'deny' }, command: `kubectl annotate namespace shop ${METADATA}-` },
    {
      pod: { [METADATA]: 'deny' },
      namespace: {},
      command: `kubectl -n shop annotate --overwrite pod checkout ${METADATA}-`,
    },
  ])('The annotation that closes the metadata API is removed by $command', ({ pod, namespace, command }) => {
    const page = denying('MetadataDenied', { pod, serviceAccount: {}, namespace });
    expect(page.commands).toEqual([command]);
  });

  it('The rules of a Namespace are not repeated below a message that has them', () => {
    const message = `Namespace shop does not permit arn:aws:iam::1:role/x: ${PERMITTED} is "cart"`;
    const decision = { kind: 'deny', reason: 'NamespaceDenied', message, role: 'x' };
    const page = explainPage(evidence({ server: { decision, session: undefined } }));
    expect(page.links.find(({ name }) => name === 'Namespace')?.details).toEqual([]);
  });
});
