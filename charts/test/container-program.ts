import type { Container } from './objects.ts';

/** Values of the downward API. */
const FIELDS: Readonly<Record<string, string>> = {
  'metadata.namespace': 'rolegate',
  'metadata.name': 'rolegate-x-1',
  'spec.nodeName': 'node-a',
  'status.hostIP': '10.0.0.7',
  'status.hostIPs': '10.0.0.7,fd00::7',
  'status.podIP': '10.1.0.7',
};

/** The EKS webhooks set it in Pods that have an identity. */
const BY_WEBHOOK = { AWS_REGION: 'eu-central-1' };

/** The program of a container, as the kubelet starts it. */
export interface ContainerProgram {
  readonly program: 'server' | 'agent';
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Undefined if the image is not ours or runs another program. */
export function programOf({ image, command, args = [], env = [] }: Container): ContainerProgram | undefined {
  const program = /rolegate-(server|agent)[:@]/.exec(image)?.[1] as ContainerProgram['program'] | undefined;
  if (program === undefined || command !== undefined) return undefined;
  const values: Record<string, string> = { ...BY_WEBHOOK };
  for (const { name, value, valueFrom } of env)
    values[name] = value ?? ofField(valueFrom?.fieldRef?.fieldPath);
  const expand = (text: string) =>
    text.replaceAll(/\$\(([A-Za-z0-9_.-]+)\)/g, (whole, name: string) => values[name] ?? whole);
  return { program, argv: args.map(expand), env: values };
}

/** The parsers do not check values from Secrets. */
function ofField(path: string | undefined): string {
  if (path === undefined) return 'of-a-secret';
  const value = FIELDS[path];
  if (value === undefined) throw new Error(`the test knows no value for ${path}`);
  return value;
}
