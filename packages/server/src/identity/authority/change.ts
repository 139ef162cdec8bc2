import type { Clock } from '@rolegate/runtime';
import { applyStep, AuthorityFault, newAuthority } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import { isEmptied, readShared, writeShared } from './secret.ts';
import type { AuthorityStore } from './store.ts';
import { commandStep } from './rotation.ts';
import type { Command, RotationStep } from './rotation.ts';

/** Gives up after this many write conflicts. */
const MOST_ATTEMPTS = 5;

export interface AuthorityChangeDeps {
  readonly store: AuthorityStore;
  readonly where: { readonly namespace: string; readonly name: string };
  readonly clock: Pick<Clock, 'now'>;
  /** Lifetime of a prepared authority. Milliseconds. */
  readonly ageMs: number;
}

export interface AuthorityView {
  readonly authorities: Authorities;
  readonly generation: number;
  /** The text of the ConfigMap; undefined if there is none. */
  readonly published: string | undefined;
}

/** Reads Secret and ConfigMap. Rejects if the Secret does not exist or is invalid. */
export async function readAuthorities(deps: AuthorityChangeDeps): Promise<AuthorityView> {
  const { authorities, generation } = (await read(deps)).shared;
  return { authorities, generation, published: (await deps.store.readBundle())?.values };
}

/** Performs one step: it is done, or refused with a message that says what to do instead. */
export async function changeAuthorities(
  command: Command,
  deps: AuthorityChangeDeps & { readonly atOnce: boolean },
): Promise<{ readonly done: boolean; readonly message: string }> {
  const { store, clock, ageMs, atOnce } = deps;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const { shared, found } = await read(deps);
    const nowMs = clock.now();
    const step = commandStep(command, shared.authorities.all, { nowMs, atOnce });
    if (step.kind === 'refused') return { done: false, message: step.why };
    const unpublished = atOnce ? undefined : await whyUnpublished(step, shared.authorities, deps);
    if (unpublished !== undefined) return { done: false, message: unpublished };
    const made = step.kind === 'prepare' ? await newAuthority('prepared', { nowMs, ageMs }) : undefined;
    const authorities = applyStep(shared.authorities, step, { nowMs, made });
    if (
      await store.writeSecret(
        writeShared({ ...shared, authorities, generation: shared.generation + 1 }),
        found,
      )
    )
      return { done: true, message: messageOf(step, made?.id) };
  }
  return { done: false, message: 'the Secret is being changed by others; try again' };
}

/** Why agents do not know the prepared authority yet: activating it would make them reject the server. */
async function whyUnpublished(
  step: RotationStep,
  { all }: Authorities,
  { store, where }: AuthorityChangeDeps,
): Promise<string | undefined> {
  const prepared = step.kind === 'activate' ? all.find(({ id }) => id === step.id) : undefined;
  if (prepared === undefined) return undefined;
  const bundle = await store.readBundle();
  if (bundle?.values.includes(prepared.certificatePem.trim()) === true) return undefined;
  return (
    `the ConfigMap ${where.namespace}/${where.name} does not contain authority ${prepared.id}, so agents do not trust it yet: ` +
    'check that a server is running and is allowed to update the ConfigMap, or give --now'
  );
}

async function read({ store, where, clock }: AuthorityChangeDeps) {
  const found = await store.readSecret();
  if (found === undefined || isEmptied(found.values))
    throw new AuthorityFault(
      `the Secret ${where.namespace}/${where.name} does not exist or is empty; a server fills it when it starts; ` +
        'check --namespace',
    );
  return { found, shared: readShared(found.values, clock.now()) };
}

function messageOf(step: RotationStep, madeId = ''): string {
  switch (step.kind) {
    case 'prepare':
      return `authority ${madeId} is prepared; activate it in a few minutes, or wait a day for a server to do it`;
    case 'activate':
      return `authority ${step.id} is active; the former one is retired, and a server removes it in a day`;
    case 'remove':
      return `no longer trusted: ${step.ids.join(', ')}`;
  }
}
