import { faultOf } from '../answers/answer.ts';
import type { V1Container, V1EnvVar, V1Pod } from '../answers/objects.ts';
import type { Imported } from './evidence.ts';
import { accountOf, editTemplate, namespaceOf, recreate } from './pod-object.ts';
import { containersOf, importsOf, isSet, isThere, keyOf, origin, variablesOf } from './variables.ts';
import type { Variables } from './variables.ts';

/**
 * The order in which AWS SDKs look for credentials. The first that is found wins, and the metadata API is the last:
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html. Java takes profiles after web identity, JavaScript
 * before, but all before the metadata API.
 */
const SOURCES: readonly Source[] = [
  {
    variables: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    all: true,
    kind: 'static keys',
    next: 'remove the keys from the Pod template, and roll the Pod out again; then deactivate them in IAM',
    commands: (pod) => [editTemplate(pod)],
  },
  {
    variables: ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN'],
    all: true,
    kind: 'IRSA variables',
    next: 'remove eks.amazonaws.com/role-arn from the ServiceAccount (or the variables from the Pod template), and recreate the Pod',
    commands: (pod) => [
      `kubectl -n ${namespaceOf(pod)} annotate serviceaccount ${accountOf(pod)} eks.amazonaws.com/role-arn-`,
      ...recreate(pod),
    ],
  },
  {
    variables: ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'],
    all: false,
    kind: 'variables of another container credentials endpoint',
    next: 'remove the EKS Pod Identity association of the ServiceAccount (or the variables from the Pod template), and recreate the Pod',
    commands: (pod) => [
      `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace ${namespaceOf(pod)} --service-account ${accountOf(pod)}`,
      ...recreate(pod),
    ],
  },
];

/** Rolegate's own container credentials endpoint. */
const OWN_ENDPOINT = /^http:\/\/(169\.254\.170\.23|\[fd00:ec2::23\]):8182\//i;

/** These may lead to credentials in a file, or to none. */
const PROFILE = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'];
const DISABLED = 'AWS_EC2_METADATA_DISABLED';
const ENDPOINT = 'AWS_EC2_METADATA_SERVICE_ENDPOINT';
const PROXY = ['HTTP_PROXY', 'http_proxy'];
const NO_PROXY = ['NO_PROXY', 'no_proxy'];
const EXCEPTED = /(^|,)\s*(\*|169\.254\.)/;
const METADATA_ADDRESS = /^https?:\/\/(169\.254\.169\.254|\[fd00:ec2::254\])(:80)?\/?$/i;

interface Source {
  readonly variables: readonly string[];
  /** True: only all together are credentials. */
  readonly all: boolean;
  readonly kind: string;
  readonly next: string;
  readonly commands: CommandsFor;
}

/** What repairs it in a Pod. */
export type CommandsFor = (pod: V1Pod) => readonly string[];

/** Something in the environment of one container that the SDK prefers to the metadata API, or that turns it off. */
export interface Outranking {
  /** `certain`: the SDK does not ask Rolegate. `possible`: it may not. */
  readonly how: 'certain' | 'possible';
  readonly container: string;
  /** Names only, never values. */
  readonly says: string;
  readonly next: string;
  readonly commands: CommandsFor;
}

const edited: CommandsFor = (pod) => [editTemplate(pod)];

/** What outranks the metadata API in the Pod, the certain first. */
export function outrankings(pod: V1Pod, imported: Imported): readonly Outranking[] {
  const all = containersOf(pod).flatMap((container) => ofContainer(container, imported));
  return [...all.filter(({ how }) => how === 'certain'), ...all.filter(({ how }) => how === 'possible')];
}

function ofContainer(container: V1Container, imported: Imported): readonly Outranking[] {
  const variables = variablesOf(container, imported);
  return [
    ...SOURCES.flatMap((source) => ofSource(source, variables, container.name)),
    ...ofDisabled(variables, container.name),
    ...ofEndpoint(variables, container.name),
    ...ofProfile(variables, container.name),
    ...ofProxy(variables, container.name),
    ...ofUnreadImports(container, imported),
  ];
}

function ofSource(source: Source, variables: Variables, container: string): readonly Outranking[] {
  const { kind, next, all, commands } = source;
  const set = source.variables
    .flatMap((name) => variables.get(name) ?? [])
    .filter(isSet)
    .filter(isForeign);
  if (set.length === 0) return [];
  const named = set.map(origin).join(', ');
  const isWhole = !all || set.length === source.variables.length;
  const isCertain = isWhole && set.every(isThere);
  const unless = isCertain ? '' : ' if they exist';
  const says = isWhole
    ? `container ${container} has ${kind} (${named}), which outrank IMDS${unless}: its SDK does not ask Rolegate`
    : `container ${container} has only ${named} of ${kind}: some SDKs fail instead of asking Rolegate`;
  return [{ how: isCertain ? 'certain' : 'possible', container, says, next, commands }];
}

function ofDisabled(variables: Variables, container: string): readonly Outranking[] {
  const variable = variables.get(DISABLED);
  if (variable === undefined || !isSet(variable) || usesOwnEndpoint(variables)) return [];
  const isKnown = variable.valueFrom === undefined;
  if (isKnown && variable.value?.toLowerCase() !== 'true') return [];
  return [
    {
      how: isKnown ? 'certain' : 'possible',
      container,
      says: `container ${container} has ${origin(variable)}, which turns off IMDS${isKnown ? '' : ' if it is true'}: its SDK does not ask Rolegate`,
      next: `remove ${DISABLED} from the Pod template, or give the Pod container credentials`,
      commands: edited,
    },
  ];
}

function ofEndpoint(variables: Variables, container: string): readonly Outranking[] {
  const variable = variables.get(ENDPOINT);
  if (variable === undefined || !isSet(variable) || METADATA_ADDRESS.test(variable.value ?? '')) return [];
  return [
    {
      how: variable.valueFrom === undefined ? 'certain' : 'possible',
      container,
      says: `container ${container} has ${origin(variable)}, which leads its SDK to another address than Rolegate's`,
      next: `remove ${ENDPOINT} from the Pod template`,
      commands: edited,
    },
  ];
}

function ofProfile(variables: Variables, container: string): readonly Outranking[] {
  const set = PROFILE.flatMap((name) => variables.get(name) ?? []).filter(isSet);
  if (set.length === 0) return [];
  return [
    {
      how: 'possible',
      container,
      says: `container ${container} has ${set.map(origin).join(', ')}: credentials of that profile outrank IMDS, and some SDKs fail if it does not exist`,
      next: 'remove the variables unless the profile is meant',
      commands: edited,
    },
  ];
}

/** boto3 sends requests to the metadata API through a proxy, unless it is told not to. */
function ofProxy(variables: Variables, container: string): readonly Outranking[] {
  const proxy = PROXY.flatMap((name) => variables.get(name) ?? []).find(isSet);
  const exceptions = NO_PROXY.flatMap((name) => variables.get(name) ?? []).filter(isSet);
  const isExcepted = exceptions.some(({ value }) => value === undefined || EXCEPTED.test(value));
  if (proxy === undefined || isExcepted) return [];
  return [
    {
      how: 'possible',
      container,
      says: `container ${container} has ${origin(proxy)} without 169.254.169.254 in NO_PROXY: some SDKs ask the proxy instead of Rolegate`,
      next: 'add 169.254.169.254 and 169.254.170.23 to NO_PROXY in the Pod template',
      commands: edited,
    },
  ];
}

/** What an object has is not known if it cannot be read. */
function ofUnreadImports(container: V1Container, imported: Imported): readonly Outranking[] {
  const unread = importsOf(container).filter((one) => !('value' in (imported[keyOf(one)] ?? {})));
  const [first] = unread;
  if (first === undefined) return [];
  const why = faultOf(imported[keyOf(first)]) ?? 'not read';
  return [
    {
      how: 'possible',
      container: container.name,
      says: `container ${container.name} imports ${unread.map(keyOf).join(', ')}, whose AWS_ variables, if it has any, outrank IMDS (${why})`,
      next: `look whether ${keyOf(first)} has AWS_ variables`,
      commands: (pod) => [
        `kubectl -n ${namespaceOf(pod)} describe ${first.kind.toLowerCase()} ${first.name}`,
      ],
    },
  ];
}

function isForeign({ name, value }: V1EnvVar): boolean {
  return name !== 'AWS_CONTAINER_CREDENTIALS_FULL_URI' || !OWN_ENDPOINT.test(value ?? '');
}

/** True if the container asks Rolegate's container credentials endpoint. */
export function usesOwnEndpoint(variables: Variables): boolean {
  return OWN_ENDPOINT.test(variables.get('AWS_CONTAINER_CREDENTIALS_FULL_URI')?.value ?? '');
}
