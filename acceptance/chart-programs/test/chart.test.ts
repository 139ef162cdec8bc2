import { describe, expect, it } from 'vitest';
import { containerOf, readChart } from '../chart.ts';

const rendering = (container: string) => `
kind: ServiceAccount
---
kind: Deployment
spec:
  template:
    spec:
      securityContext: { runAsUser: 65532 }
      containers:
        - name: server
          args: [--log-level=info]
          ports: [{ name: metrics, containerPort: 9620 }]
${container}
`;

const limits = 'resources: { limits: { memory: 1Gi } }';

describe('containerOf', () => {
  it('The arguments and memory limit of a container and the user of its Pod are read', () => {
    expect(containerOf(rendering(`          ${limits}`), 'server')).toEqual({
      args: ['--log-level=info'],
      memoryLimitBytes: 2 ** 30,
      user: 65_532,
      probes: [],
    });
  });

  it('The user of the container takes precedence over the user of the Pod', () => {
    const text = rendering(`          ${limits}\n          securityContext: { runAsUser: 1234 }`);
    expect(containerOf(text, 'server').user).toBe(1234);
  });

  it('HTTP probes are read with host, port number and timeout', () => {
    const text = rendering(`          ${limits}
          livenessProbe: { httpGet: { host: 127.0.0.1, path: /livez, port: 9622 } }
          readinessProbe: { httpGet: { path: /readyz, port: metrics }, timeoutSeconds: 2 }`);
    expect(containerOf(text, 'server').probes).toEqual([
      { kind: 'liveness', by: 'http', host: '127.0.0.1', port: 9622, path: '/livez', timeoutMs: 1_000 },
      { kind: 'readiness', by: 'http', host: undefined, port: 9620, path: '/readyz', timeoutMs: 2_000 },
    ]);
  });

  it('Exec probes are read', () => {
    const text = rendering(`          ${limits}\n          startupProbe: { exec: { command: [status] } }`);
    expect(containerOf(text, 'server').probes).toEqual([
      { kind: 'startup', by: 'exec', command: ['status'] },
    ]);
  });

  it.each([
    {
      what: 'a container that does not exist',
      text: rendering(`          ${limits}`),
      name: 'other',
      error: 'no container other',
    },
    {
      what: 'an unsupported memory quantity',
      text: rendering('          resources: { limits: { memory: 1.5G } }'),
      name: 'server',
      error: '1.5G',
    },
    {
      what: 'a port name without a number',
      text: rendering(
        `          ${limits}\n          livenessProbe: { httpGet: { path: /livez, port: web } }`,
      ),
      name: 'server',
      error: 'no port web',
    },
  ])('Reading a container fails for $what', ({ text, name, error }) => {
    expect(() => containerOf(text, name)).toThrow(error);
  });
});

describe('readChart', () => {
  it('Every program in the charts has arguments and a memory limit', async () => {
    const all = [
      await readChart('agent', 'agent'),
      await readChart('agent', 'intercept'),
      await readChart('agent', 'reconcile'),
      await readChart('server', 'server'),
    ];
    for (const { memoryLimitBytes, args } of all) {
      expect(memoryLimitBytes).toBeGreaterThan(0);
      expect(args.length).toBeGreaterThan(0);
    }
  });

  it('The chart of the agent has an exec probe, which suites use to see whether the agent is ready', async () => {
    const { probes } = await readChart('agent', 'agent');
    expect(probes.map(({ by }) => by)).toContain('exec');
  });
});
