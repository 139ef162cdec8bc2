import type { Annotations } from '../answers/server-explanation.ts';

export const ROLE = 'iam.amazonaws.com/role';
export const METADATA = 'rolegate.dev/metadata';
export const PERMITTED = 'iam.amazonaws.com/permitted';
export const ALLOWED = 'iam.amazonaws.com/allowed-roles';
const DEFAULT_ROLE = 'rolegate.dev/default-role';
const PERMITS = [PERMITTED, ALLOWED];
/** Longer annotations are cut. Characters. */
const LONGEST_SHOWN = 200;

/** The annotations of a Namespace that permit roles, one a line. */
export function rulesOf(annotations: Annotations | undefined): readonly string[] {
  return PERMITS.flatMap((key) => {
    const text = annotations?.[key]?.trim();
    return text === undefined || text === '' ? [] : [`${key}: ${shown(text)}`];
  });
}

export function defaultRoleOf(annotations: Annotations | undefined): readonly string[] {
  const text = annotations?.[DEFAULT_ROLE]?.trim() ?? '';
  return text === '' ? [] : [`${DEFAULT_ROLE}: ${shown(text)}`];
}

/** The role that an object names. A blank annotation counts as absent. */
export function roleIn(annotations: Annotations | undefined): string | undefined {
  const role = annotations?.[ROLE]?.trim();
  return role === '' ? undefined : role;
}

/** An annotation as the page shows it: trimmed and cut. */
export function shown(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > LONGEST_SHOWN ? `${trimmed.slice(0, LONGEST_SHOWN)}…` : trimmed;
}
