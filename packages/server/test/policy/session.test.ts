import { describe, expect, it } from 'vitest';
import { sessionId } from '../../src/session/session.ts';
import type { Session } from '../../src/session/session.ts';
import { ACCOUNT, PERMITTED, ROLE, decide, outcome } from './setup.ts';
import type { Situation } from './setup.ts';

const EXTERNAL_ID = 'iam.amazonaws.com/external-id';
const SESSION_NAME = 'iam.amazonaws.com/session-name';
const TAGS = 'rolegate.dev/session-tags';
const PERMITTED_IDS = 'rolegate.dev/permitted-external-ids';
const PERMITTED_TAGS = 'rolegate.dev/permitted-session-tags';

/** A Pod that is permitted the role reader, with the test's additions. */
function asking({ annotations, namespace, ...rest }: Situation): Situation {
  const more = typeof namespace === 'string' ? {} : namespace;
  return {
    annotations: { [ROLE]: 'reader', ...annotations },
    namespace: { [PERMITTED]: 'reader', ...more },
    ...rest,
  };
}

function sessionOf(situation: Situation): Session {
  const { decision } = decide(asking(situation));
  if (decision.kind !== 'allow') throw new Error(JSON.stringify(decision));
  return decision.session;
}

describe('Session', () => {
  it('Pods of one role, Namespace and ServiceAccount share a session', () => {
    const session = sessionOf({});
    expect(session).toEqual({
      roleArn: `${ACCOUNT}reader`,
      sessionName: 'team-a.reader',
      tags: [],
      durationSeconds: 3600,
    });
    expect(sessionOf({ pod: { name: 'web-1', uid: 'other', node: 'node-2' } })).toEqual(session);
  });

  it.each<{ what: string } & Situation>([
    { what: 'another ServiceAccount', pod: { serviceAccount: 'writer' } },
    { what: 'another Namespace', pod: { namespace: 'team-b' } },
    { what: 'a session name', annotations: { [SESSION_NAME]: 'mine' } },
    { what: 'an external ID', annotations: { [EXTERNAL_ID]: 'secret-1' } },
    { what: 'tags', annotations: { [TAGS]: '{"k":"v"}' }, namespace: { [PERMITTED_TAGS]: '["k"]' } },
    { what: 'the scope of the Pod', settings: { sessionScope: 'pod' } },
    { what: 'the scope of the role', settings: { sessionScope: 'role' } },
    { what: 'a source identity', settings: { sourceIdentityTemplate: '{namespace}' } },
    { what: 'a duration', settings: { durationSeconds: 3000 } },
  ])('A Pod has a different session with $what', ({ what, ...situation }) => {
    expect(what).not.toBe('');
    expect(sessionId(sessionOf(situation))).not.toBe(sessionId(sessionOf({})));
  });

  it.each<{ what: string } & Situation>([
    { what: 'that annotation', annotations: { [SESSION_NAME]: 'mine' } },
    { what: 'that template', settings: { sessionNameTemplate: '{cluster}' } },
  ])(
    'A session belongs to one Namespace and ServiceAccount, whatever name $what gives to all',
    ({ what, ...situation }) => {
      expect(what).not.toBe('');
      const of = (pod: NonNullable<Situation['pod']>) => sessionId(sessionOf({ ...situation, pod }));
      const ids = [{}, { serviceAccount: 'writer' }, { namespace: 'team-b' }].map(of);
      expect(new Set(ids).size).toBe(3);
      expect(of({ name: 'web-1', uid: 'other' })).toBe(ids[0]);
    },
  );

  it('With the scope of the role, all Namespaces share a session', () => {
    const role = { settings: { sessionScope: 'role' } } as const;
    expect(sessionOf({ ...role, pod: { namespace: 'team-b' } })).toEqual(sessionOf(role));
  });

  it.each<{ what: string } & Situation>([
    { what: 'that annotation', annotations: { [SESSION_NAME]: 'mine' } },
    { what: 'that template', settings: { sessionNameTemplate: '{namespace}' } },
  ])(
    'With the scope of the Pod, each Pod has its own session, whatever name $what gives to all',
    ({ what, ...situation }) => {
      expect(what).not.toBe('');
      const settings = { ...situation.settings, sessionScope: 'pod' } as const;
      const [one, other] = ['uid-1', 'uid-2'].map((uid) =>
        sessionOf({ ...situation, settings, pod: { uid } }),
      );
      if (one === undefined || other === undefined) throw new Error('two sessions were asked for');
      expect(one.sessionName).toBe(other.sessionName);
      expect(sessionId(one)).not.toBe(sessionId(other));
    },
  );

  it("A session has the values of the server's templates, with its tags sorted", () => {
    const session = sessionOf({
      settings: {
        sessionScope: 'pod',
        sessionNameTemplate: '{cluster}.{pod}',
        sourceIdentityTemplate: '{namespace}/{serviceAccount}',
        sessionTagTemplates: { pod: '{pod}', cluster: '{cluster}' },
      },
      annotations: { [TAGS]: '{"lot":"7"}' },
      namespace: { [PERMITTED_TAGS]: '["l*"]' },
    });
    expect(session).toMatchObject({ sessionName: 'blue.web-0', sourceIdentity: 'team-a-reader' });
    expect(session.tags).toEqual([
      ['cluster', 'blue'],
      ['lot', '7'],
      ['pod', 'web-0'],
    ]);
  });
});

describe('External ID', () => {
  it.each([
    { what: 'is free where the Namespace says nothing', id: 'any/1', is: `allow ${ACCOUNT}reader` },
    { what: 'that matches a glob', id: 'acme-1', list: '["x","acme-*"]', is: `allow ${ACCOUNT}reader` },
    { what: 'that matches in part', id: 'acme-1', list: '["acme"]', is: 'NamespaceDenied' },
    { what: 'that an empty list denies', id: 'acme-1', list: '[]', is: 'NamespaceDenied' },
    { what: 'with a list that does not parse', id: 'acme-1', list: 'acme-*', is: 'BadNamespaceRule' },
    { what: 'that is empty counts as none', id: '', list: '[]', is: `allow ${ACCOUNT}reader` },
    { what: 'that an empty rule denies', id: 'acme-1', list: ' \n', is: 'NamespaceDenied' },
    { what: 'of one letter', id: 'a', is: 'BadAnnotation' },
    { what: 'of 1,225 letters', id: 'a'.repeat(1225), is: 'BadAnnotation' },
    { what: 'of 1,224 letters', id: 'a'.repeat(1224), is: `allow ${ACCOUNT}reader` },
    { what: 'with a space', id: 'a b', is: 'BadAnnotation' },
  ])('The decision on an external ID is "$is" in the case "$what"', ({ id, list, is }) => {
    const namespace = list === undefined ? {} : { [PERMITTED_IDS]: list };
    expect(outcome(asking({ annotations: { [EXTERNAL_ID]: id }, namespace }))).toBe(is);
  });

  it('A bad list of external IDs does not affect a Pod without an external ID', () => {
    expect(outcome(asking({ namespace: { [PERMITTED_IDS]: 'bad' } }))).toBe(`allow ${ACCOUNT}reader`);
  });

  it('A denial never contains the external ID', () => {
    for (const list of ['[]', 'x']) {
      const situation = {
        annotations: { [EXTERNAL_ID]: 'acme-7-secret' },
        namespace: { [PERMITTED_IDS]: list },
      };
      expect(JSON.stringify(decide(asking(situation)))).not.toContain('acme-7-secret');
    }
    const bad = decide(asking({ annotations: { [EXTERNAL_ID]: 'acme 7 secret' } }));
    expect(JSON.stringify(bad)).not.toContain('acme 7');
  });
});

describe('Session tags', () => {
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v']));
  const all = '["*"]';
  it.each([
    { what: 'without a permit', tags: '{"k":"v"}', is: 'NamespaceDenied' },
    { what: 'with a permit for another', tags: '{"k":"v"}', list: '["k2","K"]', is: 'NamespaceDenied' },
    {
      what: 'of which one is not permitted',
      tags: '{"k":"v","l":"v"}',
      list: '["k"]',
      is: 'NamespaceDenied',
    },
    { what: 'with a bad permit', tags: '{"k":"v"}', list: '{}', is: 'BadNamespaceRule' },
    { what: 'permitted', tags: '{"k":"v","Täg 1":""}', list: all, is: `allow ${ACCOUNT}reader` },
    { what: 'none, without a permit', tags: '{}', is: `allow ${ACCOUNT}reader` },
    { what: 'not JSON', tags: 'k=v', list: all, is: 'BadAnnotation' },
    { what: 'a list', tags: '["k"]', list: all, is: 'BadAnnotation' },
    { what: 'null', tags: 'null', list: all, is: 'BadAnnotation' },
    { what: 'a number', tags: '{"k":1}', list: all, is: 'BadAnnotation' },
    { what: 'nested', tags: '{"__proto__":{"k":"v"}}', list: all, is: 'BadAnnotation' },
    { what: 'an empty key', tags: '{"":"v"}', list: all, is: 'BadAnnotation' },
    { what: 'a key of 129', tags: `{"${'k'.repeat(129)}":"v"}`, list: all, is: 'BadAnnotation' },
    { what: 'a value of 257', tags: `{"k":"${'v'.repeat(257)}"}`, list: all, is: 'BadAnnotation' },
    { what: 'a key of AWS', tags: '{"Aws:k":"v"}', list: all, is: 'BadAnnotation' },
    { what: 'a bad character in a key', tags: '{"k|":"v"}', list: all, is: 'BadAnnotation' },
    { what: 'a bad character in a value', tags: '{"k":"\\u0000"}', list: all, is: 'BadAnnotation' },
    { what: 'keys that differ by case', tags: '{"k":"v","K":"v"}', list: all, is: 'BadAnnotation' },
    { what: '51 of them', tags: JSON.stringify(many), list: all, is: 'BadAnnotation' },
    { what: 'not JSON, without a permit', tags: 'k=v', is: 'BadAnnotation' },
  ])('The decision on session tags is "$is" in the case "$what"', ({ tags, list, is }) => {
    const namespace = list === undefined ? {} : { [PERMITTED_TAGS]: list };
    expect(outcome(asking({ annotations: { [TAGS]: tags }, namespace }))).toBe(is);
  });

  it('A Pod cannot set a session tag of the server, in enforce or audit', () => {
    const situation = {
      annotations: { [TAGS]: '{"Team":"root"}' },
      namespace: { [PERMITTED_TAGS]: '["*"]' },
    };
    const sessionTagTemplates = { team: '{namespace}' };
    expect(outcome(asking({ ...situation, settings: { sessionTagTemplates } }))).toBe('NamespaceDenied');
    const audited = sessionOf({ ...situation, settings: { sessionTagTemplates, namespacePolicy: 'audit' } });
    expect(audited.tags).toEqual([['team', 'team-a']]);
  });

  it('The session tags of the Pod and of the server count together', () => {
    const fifty = JSON.stringify(Object.fromEntries(Object.entries(many).slice(1)));
    const situation = { annotations: { [TAGS]: fifty }, namespace: { [PERMITTED_TAGS]: '["*"]' } };
    expect(outcome(asking(situation))).toBe(`allow ${ACCOUNT}reader`);
    const sessionTagTemplates = { team: '{namespace}' };
    expect(outcome(asking({ ...situation, settings: { sessionTagTemplates } }))).toBe('BadAnnotation');
  });
});
