import { isDeepStrictEqual } from 'node:util';
import { AUDIENCE, MOUNT, TOKEN_FILE, URI, VOLUME } from './pod-shapes.ts';
import type { Container, PodSpec } from './pod-shapes.ts';

const ENV = [
  { name: URI, value: 'http://169.254.170.23:8182/v1/credentials' },
  { name: TOKEN_FILE, value: `${MOUNT}/token` },
];
const VOLUME_MOUNT = { name: VOLUME, readOnly: true, mountPath: MOUNT };
const TOKEN_VOLUME = {
  name: VOLUME,
  projected: {
    sources: [{ serviceAccountToken: { audience: AUDIENCE, expirationSeconds: 86_400, path: 'token' } }],
    defaultMode: 420,
  },
};

/** What differs from a Pod that the policy changes as it should. `plain` is the same Pod without the policy. */
export function differences({
  plain,
  found,
  served,
}: {
  plain: PodSpec;
  found: PodSpec;
  served: readonly string[];
}): string[] {
  const names = servedIn(found);
  const rest = withoutOurs(found, { served, ownVolume: hasVolume(plain) });
  return [
    ...(isDeepStrictEqual(names, served) ? [] : [`it serves ${names.join(', ') || 'no container'}`]),
    ...(served.length > 0 && !hasVolume(plain) && !hasOurVolume(found) ? ['it lacks the token volume'] : []),
    ...(isDeepStrictEqual(normal(rest), normal(plain))
      ? []
      : [
          `the rest is ${JSON.stringify(normal(rest))}, and without the policy ${JSON.stringify(normal(plain))}`,
        ]),
  ];
}

/** The names of the containers that have all that the policy adds. */
export function servedIn(spec: PodSpec): string[] {
  return containersOf(spec)
    .filter(isServed)
    .map(({ name }) => name);
}

function containersOf({ initContainers = [], containers }: PodSpec): Container[] {
  return [...initContainers, ...containers];
}

/** With everything that the policy adds, once. */
function isServed({ env = [], volumeMounts = [] }: Container): boolean {
  return (
    ENV.every((ours) => env.filter((one) => isDeepStrictEqual(one, ours)).length === 1) &&
    volumeMounts.filter((one) => isDeepStrictEqual(one, VOLUME_MOUNT)).length === 1
  );
}

const hasVolume = ({ volumes = [] }: PodSpec) => volumes.some(({ name }) => name === VOLUME);
const hasOurVolume = ({ volumes = [] }: PodSpec) =>
  volumes.filter((one) => isDeepStrictEqual(one, TOKEN_VOLUME)).length === 1;

function withoutOurs(
  spec: PodSpec,
  { served, ownVolume }: { served: readonly string[]; ownVolume: boolean },
): PodSpec {
  const strip = (container: Container): Container =>
    served.includes(container.name)
      ? {
          ...container,
          env: (container.env ?? []).filter((one) => !ENV.some((ours) => isDeepStrictEqual(one, ours))),
          volumeMounts: (container.volumeMounts ?? []).filter((one) => !isDeepStrictEqual(one, VOLUME_MOUNT)),
        }
      : container;
  return {
    ...spec,
    initContainers: (spec.initContainers ?? []).map(strip),
    containers: spec.containers.map(strip),
    volumes: (spec.volumes ?? []).filter((one) => ownVolume || !isDeepStrictEqual(one, TOKEN_VOLUME)),
  };
}

/** Without empty lists, and without the random part of the name of the API server's own token volume. */
function normal(spec: PodSpec): unknown {
  const text = JSON.stringify(spec, (_, value: unknown) =>
    Array.isArray(value) && value.length === 0 ? undefined : value,
  );
  return JSON.parse(text.replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access'));
}
