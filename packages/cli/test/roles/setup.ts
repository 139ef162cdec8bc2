import type { ExecOutcome } from '../../src/cluster/exec.ts';

export const CART = 'arn:aws:iam::123456789012:role/shop/cart';
export const PERMITTED = 'iam.amazonaws.com/permitted';
export const ALLOWED = 'iam.amazonaws.com/allowed-roles';

/** The values of the flags that all commands have. */
export const commonValues = {
  output: 'text',
  kubeconfig: undefined,
  context: undefined,
  as: undefined,
  'rolegate-namespace': undefined,
} as const;

/** A Pod as an agent prints it. */
export function agentPod(name: string, more: object = {}): object {
  const [namespace, pod] = name.split('/');
  return {
    namespace,
    name: pod,
    uid: `uid-${name}`,
    role: CART,
    sessionName: `${namespace ?? ''}.default`,
    state: 'ok',
    remainingMinutes: 50,
    ...more,
  };
}

export function agentStatus(node: string, ...pods: readonly object[]): object {
  return { version: '0.2.0', node, pods };
}

export function serverStatus(...sessions: readonly object[]): object {
  return { version: '0.2.0', sessions, sessionsLeftOut: 0 };
}

export function serverSession(more: object = {}): object {
  return {
    role: CART,
    sessionName: 'shop.default',
    state: 'valid',
    nodes: ['node-a'],
    remainingSeconds: 3_000,
    ...more,
  };
}

/** What `rolegate-server status --role` prints. */
export function roleAnswer(namespaces: readonly object[], more: object = {}): object {
  return {
    role: CART,
    roleName: 'shop/cart',
    synced: true,
    settings: { roleCeiling: [], namespacePolicy: 'enforce' },
    insideCeiling: true,
    isDefaultRole: false,
    namespaces,
    leftOut: 0,
    ...more,
  };
}

/** A server's program: its status, and its answer about a role. */
export function serverProgram(
  status: () => object,
  role: (asked: string) => object | ExecOutcome,
): (words: readonly string[]) => object | ExecOutcome {
  return (words) => {
    const [, asked] = /^--role=(.*)$/.exec(words[1] ?? '') ?? [];
    return asked === undefined ? status() : role(asked);
  };
}

/** A server of a version before `status --role`. */
export function olderServer(): ExecOutcome {
  const stderr = 'rolegate-server status: unknown flag --role; --help lists all flags\n';
  return { kind: 'exited', code: 2, stdout: '', stderr };
}
