/** The kinds of object that the server watches. */
export type Kind = 'Pod' | 'Namespace' | 'ServiceAccount' | 'Node';

/** One annotation. To add one, add a row here and the parser that reads it. */
export interface AnnotationRow {
  readonly key: string;
  /** The kinds of object on which it is read. */
  readonly on: readonly Kind[];
  /** The longest value that is read (DESIGN.md 4.11). Bytes of UTF-8. */
  readonly limitBytes: number;
  /** A Pod with it intends to use AWS, so its owner gets Events about refusals. */
  readonly asksForRole?: true;
  /** Markdown for docs/annotations.md; says the same as DESIGN.md 4.1. */
  readonly meaning: string;
  /** The result of a value that does not parse or is too long. Markdown. */
  readonly invalid: string;
  /** The project that introduced it. */
  readonly knownFrom: string;
}

const EXPRESSION_BYTES = 4096;
const LIST_BYTES = 65_536;
const TAGS_BYTES = 16_384;
/** For annotations without a limit of their own. */
export const OTHER_LIMIT_BYTES = 2048;

const BAD_ANNOTATION = '`BadAnnotation`: the Pod gets no role';
const BAD_RULE = '`BadNamespaceRule`: the Namespace permits no role';
const RULE_OF_NONE = '`BadNamespaceRule` for Pods that need it: nothing is permitted';

/**
 * The annotations of Pods, ServiceAccounts and Namespaces (DESIGN.md 4.1). Add new rows at the end: servers and agents compare
 * decisions by digests that depend on this order.
 */
export const annotationRegister = {
  role: {
    key: 'iam.amazonaws.com/role',
    on: ['Pod', 'ServiceAccount'],
    limitBytes: OTHER_LIMIT_BYTES,
    asksForRole: true,
    meaning:
      "The role: a name, path/name, `/path/name` or full ARN. The Pod's annotation takes precedence over its ServiceAccount's. Example: `my-app`",
    invalid: `${BAD_ANNOTATION}; the ServiceAccount's role and the default role are not used instead`,
    knownFrom: 'kiam and kube2iam; on ServiceAccounts: Rolegate',
  },
  sessionName: {
    key: 'iam.amazonaws.com/session-name',
    on: ['Pod'],
    limitBytes: OTHER_LIMIT_BYTES,
    asksForRole: true,
    meaning:
      'Appended to `<namespace>.` in the session name, which CloudTrail shows. A name of more than 64 characters is truncated and ends with a hash of the full name.',
    invalid: `any text is valid; characters that STS does not accept become \`-\`. Too long: ${BAD_ANNOTATION}`,
    knownFrom: 'kiam',
  },
  externalId: {
    key: 'iam.amazonaws.com/external-id',
    on: ['Pod'],
    limitBytes: OTHER_LIMIT_BYTES,
    asksForRole: true,
    meaning:
      'The external ID of the session. If the Namespace has `rolegate.dev/permitted-external-ids`, the external ID must match one of them.',
    invalid: BAD_ANNOTATION,
    knownFrom: 'kiam and kube2iam',
  },
  permitted: {
    key: 'iam.amazonaws.com/permitted',
    on: ['Namespace'],
    limitBytes: EXPRESSION_BYTES,
    meaning:
      'The roles permitted to Pods of the Namespace: one RE2 expression that must match the full ARN or, for roles of the account in `roles.baseArn`, path/name with or without a leading slash. Example: `my-app|team-a/.*`',
    invalid: BAD_RULE,
    knownFrom: 'kiam',
  },
  allowedRoles: {
    key: 'iam.amazonaws.com/allowed-roles',
    on: ['Namespace'],
    limitBytes: LIST_BYTES,
    meaning:
      'The permitted roles as a JSON list of globs, each of which must match as a whole. If the Namespace also has `iam.amazonaws.com/permitted`, a role that either permits is permitted; if one of the two is invalid, neither permits a role. Example: `["my-app","team-a/*"]`',
    invalid: BAD_RULE,
    knownFrom: 'kube2iam',
  },
  defaultRole: {
    key: 'rolegate.dev/default-role',
    on: ['Namespace'],
    limitBytes: OTHER_LIMIT_BYTES,
    meaning:
      'The role of Pods that get none from their own annotation or their ServiceAccount. It must be permitted too.',
    invalid: '`BadAnnotation` for Pods that would use it',
    knownFrom: 'Rolegate',
  },
  metadata: {
    key: 'rolegate.dev/metadata',
    on: ['Namespace', 'Pod'],
    limitBytes: OTHER_LIMIT_BYTES,
    meaning:
      '`deny` closes the metadata API; otherwise the [groups of paths](metadata.md) that Pods can read, separated by commas. A Pod can only narrow what its Namespace allows.',
    invalid: 'treated as `deny`',
    knownFrom: 'Rolegate',
  },
  sessionTags: {
    key: 'rolegate.dev/session-tags',
    on: ['Pod'],
    limitBytes: TAGS_BYTES,
    asksForRole: true,
    meaning:
      'Session tags: a JSON object of strings. Each key must be permitted by `rolegate.dev/permitted-session-tags` on the Namespace. Example: `{"team":"a"}`',
    invalid: BAD_ANNOTATION,
    knownFrom: 'Rolegate',
  },
  permittedExternalIds: {
    key: 'rolegate.dev/permitted-external-ids',
    on: ['Namespace'],
    limitBytes: LIST_BYTES,
    meaning:
      'The external IDs permitted to Pods: a JSON list of globs, each of which must match as a whole. Without it any external ID is permitted; an empty value permits none.',
    invalid: RULE_OF_NONE,
    knownFrom: 'Rolegate',
  },
  permittedSessionTags: {
    key: 'rolegate.dev/permitted-session-tags',
    on: ['Namespace'],
    limitBytes: LIST_BYTES,
    meaning:
      'The session tag keys permitted to Pods: a JSON list of globs, each of which must match as a whole. Without it no session tag is permitted.',
    invalid: RULE_OF_NONE,
    knownFrom: 'Rolegate',
  },
} as const satisfies Readonly<Record<string, AnnotationRow>>;
