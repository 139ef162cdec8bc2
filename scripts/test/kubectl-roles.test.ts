import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { commands } from '../../packages/cli/src/command-line/commands.ts';

const ROOT = dirname(dirname(import.meta.dirname));
const FOLDER = join(ROOT, 'deploy/kubectl-rolegate');
/** Commands whose files have other names. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  who: ['roles'],
  'migrate report': ['migrate'],
  'migrate plan': ['migrate', 'migrate-to'],
};

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
}

const files = readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml');

function objectsOf(file: string): readonly RbacObject[] {
  return parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((one) => one.toJS() as RbacObject);
}

const roles = files.flatMap((file) =>
  objectsOf(file).flatMap(({ kind, metadata: { namespace }, rules = [] }) =>
    rules.map((rule) => ({ file, kind, namespace, ...rule })),
  ),
);

describe('The roles of the kubectl plugin in deploy/', () => {
  it('Every command has a file of roles, and every file belongs to a command', () => {
    const wanted = Object.keys(commands).flatMap((name) => FILES[name] ?? [name]);
    expect(files.toSorted()).toEqual([...new Set(wanted.map((file) => `${file}.yaml`))].sort());
  });

  it('The kustomization has every file, and deploy/README.md names it', () => {
    const { resources } = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as {
      readonly resources: readonly string[];
    };
    expect(resources.toSorted()).toEqual(files.toSorted());
    const readme = readFileSync(join(ROOT, 'deploy/README.md'), 'utf8');
    for (const file of files) expect(readme).toContain(`\`${file.replace('.yaml', '')}\``);
  });

  it.each(files)('Each role of %s is bound to the placeholder GROUP and to nobody else', (file) => {
    const objects = objectsOf(file);
    const nameOf = (kind: string, name: string, namespace = '') => `${kind} ${namespace}/${name}`;
    const made = objects
      .filter(({ rules }) => rules !== undefined)
      .map(({ kind, metadata: { name, namespace } }) => nameOf(kind, name, namespace));
    const bound = objects.flatMap(({ roleRef, metadata: { namespace } }) =>
      roleRef === undefined ? [] : [nameOf(roleRef.kind, roleRef.name, namespace)],
    );
    expect(bound).toEqual(made);
    for (const { subjects } of objects)
      if (subjects !== undefined)
        expect(subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'GROUP' }]);
  });

  it('Programs can be run and logs read only in the Namespace of Rolegate', () => {
    const inPods = roles.filter(({ resources }) => resources.some((one) => one.startsWith('pods/')));
    expect(inPods.map(({ kind, namespace }) => `${kind} ${namespace}`)).toEqual(
      inPods.map(() => 'Role rolegate'),
    );
  });

  it('The role for logs cannot run programs', () => {
    const ofLogs = roles.filter(({ file }) => file === 'logs.yaml');
    expect(ofLogs.flatMap(({ resources }) => resources)).toEqual(['pods', 'pods/log']);
  });

  it('No role has a wildcard or Secrets, and only the one for revoke can change objects', () => {
    for (const { file, apiGroups, resources, verbs } of roles) {
      expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
      expect(resources).not.toContain('secrets');
      const changes = verbs.filter((verb) => !['get', 'list', 'watch'].includes(verb));
      if (file !== 'revoke.yaml' && !resources.includes('pods/exec'))
        expect({ file, changes }).toEqual({ file, changes: [] });
    }
  });
});
