import { describe, expect, it } from 'vitest';
import { audienceFault, containerCredentials } from '@rolegate/protocol';

describe('audienceFault', () => {
  it.each([
    'https://kubernetes.default.svc',
    'https://kubernetes.default.svc.cluster.local',
    'https://kubernetes.default.svc.example.org/',
    'kubernetes.default.svc',
    'kubernetes',
    'HTTPS://Kubernetes.Default.svc:443',
    'sts.amazonaws.com',
    'pods.eks.amazonaws.com',
    'rolegate-server',
  ])('refuses %s', (audience) => {
    expect(audienceFault(audience)).toBeTypeOf('string');
  });

  it.each([containerCredentials.audience, 'rolegate.example.org', 'kubernetes-tools', 'constructor'])(
    'accepts %s',
    (audience) => {
      expect(audienceFault(audience)).toBeUndefined();
    },
  );
});
