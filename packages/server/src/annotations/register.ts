/** The kinds of objects that are watched. */
export type Kind = 'Pod' | 'Namespace' | 'ServiceAccount' | 'Node';

/** One annotation: all that has to be written to add one, beside the parser that reads it. */
export interface AnnotationRow {
  readonly key: string;
  /** Objects of these kinds may have it. */
  readonly on: readonly Kind[];
  /** The longest value that is read (DESIGN.md 4.11). Bytes of UTF-8. */
  readonly limitBytes: number;
  /** A Pod that has it means to use AWS: its owner wants to hear of a refusal. */
  readonly asksForRole?: true;
  /** Markdown for docs/annotations.md, as DESIGN.md 4.1 says it. */
  readonly meaning: string;
  /** What becomes of a value that does not parse, or is too long. Markdown. */
  readonly invalid: string;
  /** Who has introduced it. */
  readonly knownFrom: string;
}

const EXPRESSION_BYTES = 4096;
const LIST_BYTES = 65_536;
const TAGS_BYTES = 16_384;
/** Of what has no limit of its own. */
export const OTHER_LIMIT_BYTES = 2048;

const BAD_ANNOTATION = '`BadAnnotation`: the Pod gets no role';
const BAD_RULE = '`BadNamespaceRule`: neither role rule of the Namespace permits anything';
const RULE_OF_NONE = '`BadNamespaceRule` for Pods that need it: it permits none';

/**
 * What Rolegate reads from Pods, ServiceAccounts and Namespaces (DESIGN.md 4.1). The order is that of the digests by which
 * servers and agents compare decisions: a new row comes last.
 */
export const annotationRegister = {
  role: {
    key: 'iam.amazonaws.com/role',
    on: ['Pod', 'ServiceAccount'],
    limitBytes: OTHER_LIMIT_BYTES,
    asksForRole: true,
    meaning:
      "The role: a role name, path/name, `/path/name` or full ARN. The Pod's annotation wins over its ServiceAccount's.",
    invalid: `${BAD_ANNOTATION}, not even the ServiceAccount's or the default one`,
    knownFrom: 'kiam and kube2iam; on ServiceAccounts: Rolegate',
  },
  sessionName: {
    key: 'iam.amazonaws.com/session-name',
    on: ['Pod'],
    limitBytes: OTHER_LIMIT_BYTES,
    asksForRole: true,
    meaning:
      'Appended to `<namespace>.` in the session name, which CloudTrail shows. A name of more than 64 characters is cut and ends in a hash of the whole.',
    invalid: `any text is valid, characters that STS refuses become \`-\`; too long: ${BAD_ANNOTATION}`,
    knownFrom: 'kiam',
  },
  externalId: {
    key: 'iam.amazonaws.com/external-id',
    on: ['Pod'],
    limitBytes: OTHER_LIMIT_BYTES,
    asksForRole: true,
    meaning:
      'The external ID of the session. If the Namespace has `rolegate.dev/permitted-external-ids`, it must match one of them.',
    invalid: BAD_ANNOTATION,
    knownFrom: 'kiam and kube2iam',
  },
  permitted: {
    key: 'iam.amazonaws.com/permitted',
    on: ['Namespace'],
    limitBytes: EXPRESSION_BYTES,
    meaning:
      'The roles that Pods of the Namespace may have: one RE2 expression, matched whole against the full ARN or, for roles under the base ARN, against path/name with or without a leading slash.',
    invalid: BAD_RULE,
    knownFrom: 'kiam',
  },
  allowedRoles: {
    key: 'iam.amazonaws.com/allowed-roles',
    on: ['Namespace'],
    limitBytes: LIST_BYTES,
    meaning:
      'The same as a JSON list of globs, each matched whole. If a Namespace has both, either permits a role.',
    invalid: BAD_RULE,
    knownFrom: 'kube2iam',
  },
  defaultRole: {
    key: 'rolegate.dev/default-role',
    on: ['Namespace'],
    limitBytes: OTHER_LIMIT_BYTES,
    meaning:
      'The role of Pods that name none, by themselves or by their ServiceAccount. It must itself be permitted.',
    invalid: '`BadAnnotation` for Pods that name no role',
    knownFrom: 'Rolegate',
  },
  metadata: {
    key: 'rolegate.dev/metadata',
    on: ['Namespace', 'Pod'],
    limitBytes: OTHER_LIMIT_BYTES,
    meaning:
      '`deny`: no metadata API at all; or the [groups of paths](metadata.md) that may be read, separated by commas. A Pod can only narrow what its Namespace leaves open.',
    invalid: 'counts as `deny`',
    knownFrom: 'Rolegate',
  },
  sessionTags: {
    key: 'rolegate.dev/session-tags',
    on: ['Pod'],
    limitBytes: TAGS_BYTES,
    asksForRole: true,
    meaning:
      'Session tags: a JSON object of strings. The Namespace must permit each key by `rolegate.dev/permitted-session-tags`.',
    invalid: BAD_ANNOTATION,
    knownFrom: 'Rolegate',
  },
  permittedExternalIds: {
    key: 'rolegate.dev/permitted-external-ids',
    on: ['Namespace'],
    limitBytes: LIST_BYTES,
    meaning:
      'The external IDs that Pods may use: a JSON list of globs, each matched whole. Without it they may use any; an empty value permits none.',
    invalid: RULE_OF_NONE,
    knownFrom: 'Rolegate',
  },
  permittedSessionTags: {
    key: 'rolegate.dev/permitted-session-tags',
    on: ['Namespace'],
    limitBytes: LIST_BYTES,
    meaning:
      'The keys of session tags that Pods may set: a JSON list of globs, each matched whole. Without it they may set none.',
    invalid: RULE_OF_NONE,
    knownFrom: 'Rolegate',
  },
} as const satisfies Readonly<Record<string, AnnotationRow>>;
