import { outputOf } from '@rolegate/testing';
import { createApiServer } from '../api-server.ts';
import type { ApiObject } from '../api-server.ts';
import type { ClusterStep, ClusterWorld } from '../world.ts';
import { authorityChartSteps } from './authority.ts';
import { exampleSteps } from './examples.ts';
import { defineKinds, foreignKinds } from './foreign-kinds.ts';
import { dryRunInstallStep } from './injection/dry-run-install.ts';
import { injectionSteps } from './injection/injection-steps.ts';
import { injectionVersion, isInjection } from './injection/policy-objects.ts';
import { objectSteps } from './objects.ts';
import { podSteps } from './pods.ts';
import { policySteps } from './policy.ts';
import { rbacSteps } from './rbac.ts';

/** Tests the charts' renderings with a real API server. Most steps use the golden files and need no helm. */
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
  for (const { module } of missing) console.log(`skipped the kinds of ${module}: go mod download failed`);
  stack.use(await defineKinds(api, definitions));
  const namespaces = new Map<string, Promise<string>>();
  const namespaceOf = (level: string) => {
    const made = namespaces.get(level) ?? objects.namespaceOfLevel(`rolegate-${level}`, level);
    namespaces.set(level, made);
    return made;
  };
  const namespace = await namespaceOf('privileged');
  const helm = await programOf('HELM', 'helm');
  const policyVersion = await injectionVersion(api);
  const unknownGroups = missing.map(({ group }) => group);
  const isKnown = ({ apiVersion, kind }: ApiObject) =>
    !unknownGroups.includes(apiVersion.split('/')[0] ?? '') &&
    (policyVersion !== undefined || !isInjection({ kind }));
  return [
    ...objectSteps({ api, namespace, isKnown }),
    ...podSteps({ api, namespace: namespaceOf }),
    ...rbacSteps({ api, namespace }),
    ...policySteps({ api, namespace, node }),
    ...injectionSteps({ api, objects, version: policyVersion, stack }),
    dryRunInstallStep({ kubeconfig, namespace, helm, version: policyVersion }),
    ...exampleSteps({ api, namespace }),
    ...authorityChartSteps({
      kubeConfig,
      kubeconfig,
      run,
      namespace: (name) => objects.namespace(name),
      helm,
      kubectl: await programOf('KUBECTL', 'kubectl'),
    }),
  ];
}

/** The program that the variable names, or the one on PATH, if any. Throws if a named program does not run. */
async function programOf(variable: string, name: string): Promise<string | undefined> {
  const named = process.env[variable];
  const program = named ?? name;
  try {
    await outputOf([program, '--help'], { env: process.env });
    return program;
  } catch (error) {
    if (named === undefined) return undefined;
    throw new Error(`${variable} does not name a working program`, { cause: error });
  }
}
