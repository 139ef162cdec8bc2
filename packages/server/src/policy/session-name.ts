import { cut, endInHash, renderTemplate } from './template.ts';
import type { SessionScope, TemplateValues } from './template.ts';

/** RoleSessionName and SourceIdentity: 2 to 64 characters of `[\w+=,.@-]` (AWS STS API reference, AssumeRole). */
const SHORTEST = 2;
const LONGEST = 64;
/** The name of sessions that belong to no Namespace, in a cluster without a name. */
const NAMELESS = 'rolegate';

export interface SessionNaming {
  readonly scope: SessionScope;
  /** `--session-name-template`; absent: the scope's own. */
  readonly template: string | undefined;
  /** The Pod's `iam.amazonaws.com/session-name`; an empty one counts as none. */
  readonly chosen: string | undefined;
  readonly values: TemplateValues;
}

/**
 * The name that CloudTrail shows. A Pod's own choice follows `<namespace>.`, and a Namespace's name has no dot: so no Pod
 * can pass for one of another Namespace.
 */
export function sessionName({ scope, template, chosen, values }: SessionNaming): string {
  if (chosen !== undefined && chosen !== '') return legalName(`${values.namespace}.${chosen}`);
  if (template !== undefined) return legalName(renderTemplate(template, values));
  switch (scope) {
    case 'role':
      return legalName(values.cluster === '' ? NAMELESS : values.cluster);
    case 'workload':
      return legalName(`${values.namespace}.${values.serviceAccount}`);
    case 'pod': {
      // A Pod that comes again under its name is another Pod.
      const name = `${values.namespace}.${values.pod}`;
      return endInHash(clean(name), LONGEST, `${name} ${values.uid}`);
    }
  }
}

/** Any text as STS takes it for a session name or a source identity. */
export function legalName(text: string): string {
  return cut(clean(text), LONGEST, text).padEnd(SHORTEST, '-');
}

function clean(text: string): string {
  return text.replace(/[^\w+=,.@-]/gu, '-');
}
