import { expect, it } from 'vitest';
import { objectsOf } from './objects.ts';
import type { Json } from './objects.ts';
import { minimalValues, rendered } from './rendering.ts';
import { withHelm } from './with-helm.ts';

interface DeploymentSpec {
  readonly replicas: number;
  readonly template: {
    readonly spec: {
      readonly containers: readonly [{ readonly resources?: Json; readonly args: readonly string[] }];
    };
  };
}

/** What the size decides, as rendered in the Deployment. */
function sized(values: Json) {
  const objects = objectsOf(rendered({ chart: 'server', files: [minimalValues('server')], values }));
  const spec = objects.find(({ kind }) => kind === 'Deployment')?.['spec'] as DeploymentSpec;
  const { resources, args } = spec.template.spec.containers[0];
  return { replicas: spec.replicas, resources, burst: args.find((arg) => arg.startsWith('--sts-burst=')) };
}

const SMALL = {
  replicas: 2,
  burst: '--sts-burst=250',
  resources: { requests: { cpu: '100m', memory: '160Mi' }, limits: { memory: '512Mi' } },
};

withHelm('Sizes of the server chart (need helm)', () => {
  it('The default size is small', () => {
    expect(sized({})).toEqual(SMALL);
    expect(sized({ size: 'small' })).toEqual(SMALL);
  });

  it('Values reused from 0.1, which has no sizes, keep their replicas and resources', () => {
    const resources = { requests: { cpu: '100m', memory: '160Mi' }, limits: { memory: '512Mi' } };
    expect(sized({ size: null, replicas: 2, resources, sts: { burst: 250 } })).toEqual(SMALL);
  });

  it('A larger size has at least as many replicas and as much memory, and never a CPU limit', () => {
    const [medium, large] = [sized({ size: 'medium' }), sized({ size: 'large' })];
    expect(medium).toEqual({
      replicas: 2,
      burst: '--sts-burst=250',
      resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '512Mi' } },
    });
    expect(large).toEqual({
      replicas: 3,
      burst: '--sts-burst=160',
      resources: { requests: { cpu: '1', memory: '640Mi' }, limits: { memory: '1Gi' } },
    });
  });

  it('Explicit values take precedence over the size, also if they are those of another size', () => {
    const { resources } = sized({ size: 'large', resources: { limits: { memory: '512Mi' } } });
    expect(resources).toEqual({ requests: { cpu: '1', memory: '640Mi' }, limits: { memory: '512Mi' } });
    expect(sized({ size: 'large', replicas: 2 }).replicas).toBe(2);
    expect(sized({ size: 'large', sts: { burst: 250 } }).burst).toBe('--sts-burst=250');
  });

  it('Empty limits leave them out', () => {
    expect(sized({ resources: { limits: {} } }).resources).toEqual({ requests: SMALL.resources.requests });
    expect(sized({ resources: { requests: {}, limits: {} } }).resources).toBeUndefined();
  });

  it('One replica by any size gets no PodDisruptionBudget', () => {
    const text = rendered({
      chart: 'server',
      files: [minimalValues('server')],
      values: { size: 'large', replicas: 1 },
    });
    expect(objectsOf(text).map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  });
});
