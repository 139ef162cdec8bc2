import { describe, expect, it } from 'vitest';
import { pickAgentExplanation, readAgentExplanations } from '../../src/answers/agent-explanation.ts';
import { readAgentStatus } from '../../src/answers/agent-status.ts';
import { LONGEST_ANSWER, faultOf, valueOf } from '../../src/answers/answer.ts';
import { pickExplanation, readServerExplanations } from '../../src/answers/server-explanation.ts';
import { readServerStatus } from '../../src/answers/server-status.ts';

describe('Answers of the status commands', () => {
  it('An agent of 0.1.0 that prints little is read, and what it does not print is undefined or empty', () => {
    const output = JSON.stringify({
      version: '0.1.0',
      node: 'node-a',
      interception: { readerConnected: true, layers: { nat: true, filter: true, route: true } },
      pods: [{ namespace: 'shop', name: 'cart', uid: 'u', state: 'ok', remainingMinutes: 50 }],
    });
    expect(valueOf(readAgentStatus(output))).toMatchObject({
      version: '0.1.0',
      server: undefined,
      interception: {
        layers: { nat: true, filter: true, route: true },
        foreignRules: undefined,
        repairs: {},
      },
      ports: { held: [], foreignListeners: undefined },
      addresses: { source: undefined, directories: {} },
      pods: [{ namespace: 'shop', name: 'cart', remainingMinutes: 50, role: undefined }],
    });
    expect(valueOf(readServerStatus('{"version":"0.1.0"}'))).toMatchObject({
      version: '0.1.0',
      agents: [],
      sessions: [],
      roleBaseArn: undefined,
    });
  });

  it('Unknown fields of a newer version are ignored, and fields of another type count as absent', () => {
    const output = JSON.stringify({
      version: 2,
      future: { a: 1 },
      interception: { layers: { nat: 'yes', filter: false }, nodeImdsv1Open: 'no' },
      pods: [{ name: 'no-namespace' }, 7, null, { namespace: 'shop', name: 'cart', ips: ['192.0.2.1', 5] }],
    });
    expect(valueOf(readAgentStatus(output))).toMatchObject({
      version: undefined,
      interception: { layers: { filter: false }, nodeImdsv1Open: undefined },
      pods: [{ name: 'cart', ips: ['192.0.2.1'], state: 'unknown' }],
    });
  });

  it.each(['', 'exec failed', '[]', '"text"', 'null', '{"version":'])(
    'The output %j is a fault, and nothing is thrown',
    (output) => {
      for (const read of [readAgentStatus, readServerStatus, readAgentExplanations, readServerExplanations])
        expect(faultOf(read(output))).toBe('the answer is not a JSON object');
    },
  );

  it('An answer that is too long is not parsed, and long texts and lists are cut', () => {
    expect(faultOf(readAgentStatus(' '.repeat(LONGEST_ANSWER + 1)))).toContain('longer than');
    const output = JSON.stringify({ notReady: Array.from({ length: 400 }, () => 'x'.repeat(10_000)) });
    const notReady = valueOf(readAgentStatus(output))?.notReady ?? [];
    expect(notReady).toHaveLength(256);
    expect(notReady[0]).toHaveLength(2_049);
  });

  it('Several Pods of one name are all read', () => {
    const output = JSON.stringify([{ subject: 'Pod shop/cart' }, { subject: 'Pod shop/cart', state: 'ok' }]);
    expect(valueOf(readAgentExplanations(output))?.map(({ state }) => state)).toEqual([undefined, 'ok']);
  });

  it('Of several Pods of one name, the agent explains the one with the UID', () => {
    const pod = { namespace: 'shop', name: 'cart' };
    const output = JSON.stringify([
      { pod: { ...pod, uid: 'old' } },
      { pod: { ...pod, uid: 'new' }, state: 'ok' },
    ]);
    const answer = readAgentExplanations(output);
    expect(valueOf(pickAgentExplanation(answer, 'new'))?.state).toBe('ok');
    expect(faultOf(pickAgentExplanation(answer, 'other'))).toBe(
      'the agent knows only other Pods of this name',
    );
  });

  it('Of several replicas, the one to which the agent is connected explains, and only the Pod of this UID', () => {
    const explained = (facts: object) =>
      readServerExplanations(JSON.stringify({ uid: 'new', decision: { kind: 'allow' }, ...facts }));
    const session = { role: 'r', sessionName: 's', state: 'valid' };
    const answers = [
      { fault: 'timeout' },
      explained({}),
      explained({ uid: 'old', agent: {}, session }),
      explained({ agent: { version: '0.2.0' }, session }),
    ];
    expect(valueOf(pickExplanation(answers, 'new'))).toMatchObject({
      uid: 'new',
      session: { state: 'valid' },
    });
    expect(pickExplanation([{ fault: 'timeout' }], 'new')).toEqual({ fault: 'timeout' });
    expect(faultOf(pickExplanation([], 'new'))).toBe('no server knows a Pod with this UID');
  });

  it('An annotation that is too long says so instead of its value', () => {
    const namespace = { 'iam.amazonaws.com/permitted': { tooLongBytes: 5_000, limitBytes: 4_096 } };
    const output = JSON.stringify({ annotations: { pod: {}, namespace } });
    expect(valueOf(readServerExplanations(output))?.[0]?.annotations).toEqual({
      pod: {},
      serviceAccount: undefined,
      namespace: { 'iam.amazonaws.com/permitted': 'not read: too long' },
    });
  });
});
