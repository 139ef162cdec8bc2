import { oneOf, optional, path, setting, text } from '@rolegate/runtime';

const GROUP = 'Cluster';

/** A name of a Kubernetes object (RFC 1123 subdomain). */
export const objectName = (placeholder: string) =>
  text(placeholder, {
    pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
    is: 'name of a Kubernetes object',
    hint: 'use lower case letters, digits, dashes and dots',
  });

/** The flags of every command that asks the cluster. */
export const clusterFlags = {
  kubeconfig: optional(path(), {
    group: GROUP,
    help: "kubeconfig to use instead of kubectl's: the files in KUBECONFIG, else ~/.kube/config",
  }),
  context: optional(text('NAME'), { group: GROUP, help: 'context of the kubeconfig to use' }),
  as: optional(text('USER'), { group: GROUP, help: 'user to impersonate' }),
  'rolegate-namespace': optional(objectName('NAMESPACE'), {
    group: GROUP,
    help: 'Namespace in which Rolegate runs; without it, all Namespaces are searched for the labels of its charts',
  }),
};

/** `-o json`, which every command has. */
export const outputFlag = {
  output: setting(oneOf(['text', 'json']), {
    group: 'Output',
    fallback: 'text',
    help: 'text: for people; json: for scripts',
  }),
};
