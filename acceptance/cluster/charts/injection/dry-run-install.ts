import { fileURLToPath } from 'node:url';
import { outputOf, Skipped } from '@rolegate/testing';
import type { ClusterStep } from '../../world.ts';

const CHART = fileURLToPath(new URL('../../../../charts/server', import.meta.url));
const VALUES = `${CHART}/ci/container-credentials-values.yaml`;
/** Covers a busy machine. Milliseconds. */
const WITHIN_MS = 60_000;

export interface DryRunDeps {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** A path; undefined: the step is skipped. */
  readonly helm: string | undefined;
  /** Of MutatingAdmissionPolicy in this cluster; undefined if it has none. */
  readonly version: string | undefined;
}

/** The chart asks the cluster, and not helm's defaults, which version of the policy it has. */
export function dryRunInstallStep({ kubeconfig, namespace, helm, version }: DryRunDeps): ClusterStep {
  return {
    title: 'helm install gives the cluster the version of the policy that it has, or says that it has none',
    async run() {
      if (helm === undefined) throw new Skipped('helm (HELM) is not installed');
      const words = ['install', 'rolegate-dry-run', CHART, '--dry-run=server', '--values', VALUES];
      const cluster = ['--namespace', namespace, '--kubeconfig', kubeconfig];
      const text = await outputOf([helm, ...words, ...cluster], { env: process.env, timeoutMs: WITHIN_MS });
      const versions = [...text.matchAll(/^apiVersion: (\S+)\nkind: MutatingAdmissionPolicy$/gm)].map(
        ([, found = '']) => found,
      );
      const wanted = version === undefined ? [] : [`admissionregistration.k8s.io/${version}`];
      if (versions.join() !== wanted.join())
        throw new Error(`it renders ${versions.join() || 'no policy'}, not ${wanted.join() || 'none'}`);
      if (text.includes('this cluster has no MutatingAdmissionPolicy') !== (version === undefined))
        throw new Error('the notes are wrong about the cluster');
    },
  };
}
