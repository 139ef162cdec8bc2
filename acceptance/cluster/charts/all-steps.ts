import { outputOf } from '@rolegate/testing';
import { createApiServer } from '../api-server.ts';
import type { ClusterStep, ClusterWorld } from '../world.ts';
import { authorityChartSteps } from './authority.ts';
import { defineKinds, foreignKinds } from './foreign-kinds.ts';
import { objectSteps } from './objects.ts';
import { podSteps } from './pods.ts';
import { policySteps } from './policy.ts';
import { rbacSteps } from './rbac.ts';

/** What the charts render, before a real API server: most of it needs no helm, only the renderings in the repository. */
export async function chartSteps({
  kubeConfig,
  kubeconfig,
  objects,
  node,
  run,
  stack,
}: ClusterWorld): Promise<ClusterStep[]> {
  const api = createApiServer(kubeConfig);
  const { definitions, missing } = await foreignKinds();
  for (const { module } of missing)
    console.log(`skipped what ${module} defines: go mod download did not bring it`);
  stack.use(await defineKinds(api, definitions));
  const namespaces = new Map<string, Promise<string>>();
  const namespaceOf = (level: string) => {
    const made = namespaces.get(level) ?? objects.namespaceOfLevel(`rolegate-${level}`, level);
    namespaces.set(level, made);
    return made;
  };
  const namespace = await namespaceOf('privileged');
  const unknownGroups = missing.map(({ group }) => group);
  return [
    ...objectSteps({ api, namespace, unknownGroups }),
    ...podSteps({ api, namespace: namespaceOf }),
    ...rbacSteps({ api, namespace }),
    ...policySteps({ api, namespace, node }),
    ...authorityChartSteps({
      kubeConfig,
      kubeconfig,
      run,
      namespace: (name) => objects.namespace(name),
      helm: await programOf('HELM', 'helm'),
      kubectl: await programOf('KUBECTL', 'kubectl'),
    }),
  ];
}

/** The one that the variable names, else that of PATH; undefined: there is none. Throws if a named one does not run. */
async function programOf(variable: string, name: string): Promise<string | undefined> {
  const named = process.env[variable];
  const program = named ?? name;
  try {
    await outputOf([program, '--help'], { env: process.env });
    return program;
  } catch (error) {
    if (named === undefined) return undefined;
    throw new Error(`${variable} names no program that runs`, { cause: error });
  }
}
