/** What Rolegate reads from Pods, ServiceAccounts and Namespaces (DESIGN.md 4.1). */
export const annotation = {
  role: 'iam.amazonaws.com/role',
  sessionName: 'iam.amazonaws.com/session-name',
  externalId: 'iam.amazonaws.com/external-id',
  sessionTags: 'rolegate.dev/session-tags',
  metadata: 'rolegate.dev/metadata',
  permitted: 'iam.amazonaws.com/permitted',
  allowedRoles: 'iam.amazonaws.com/allowed-roles',
  defaultRole: 'rolegate.dev/default-role',
  permittedExternalIds: 'rolegate.dev/permitted-external-ids',
  permittedSessionTags: 'rolegate.dev/permitted-session-tags',
} as const;

/** Of a Pod: any of these says that it means to use AWS. */
export const roleAnnotations = [
  annotation.role,
  annotation.sessionName,
  annotation.externalId,
  annotation.sessionTags,
] as const;

export type Annotations = Readonly<Record<string, string>>;
