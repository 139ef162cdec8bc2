import type { Clock } from '@rolegate/runtime';
import { applyStep, AuthorityFault, newAuthority } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import { isEmptied, readShared, writeShared } from './secret.ts';
import type { AuthorityStore } from './store.ts';
import { commandStep } from './rotation.ts';
import type { Command, RotationStep } from './rotation.ts';

/** Somebody else writes at the same time: after so many lost races it is said. */
const MOST_ATTEMPTS = 5;

export interface AuthorityChangeDeps {
  readonly store: AuthorityStore;
  readonly where: { readonly namespace: string; readonly name: string };
  readonly clock: Pick<Clock, 'now'>;
  /** Life of an authority that is prepared. Milliseconds. */
  readonly ageMs: number;
}

export interface AuthorityView {
  readonly authorities: Authorities;
  readonly generation: number;
  /** What the ConfigMap holds; undefined: there is none. */
  readonly published: string | undefined;
}

/** What the Secret and the ConfigMap hold. Rejects if the Secret does not exist or is invalid. */
export async function readAuthorities(deps: AuthorityChangeDeps): Promise<AuthorityView> {
  const { authorities, generation } = (await read(deps)).shared;
  return { authorities, generation, published: (await deps.store.readBundle())?.values };
}

/** One step by command: done, or refused with what to do instead. */
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
  return { done: false, message: 'the Secret is being written by others again and again: try again' };
}

/** Servers publish what is prepared; where they do not, agents would refuse the server afterwards. */
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
    `the ConfigMap ${where.namespace}/${where.name} does not hold authority ${prepared.id}, so agents do not know it: ` +
    'see whether a server runs and may write the ConfigMap, or give --now'
  );
}

async function read({ store, where, clock }: AuthorityChangeDeps) {
  const found = await store.readSecret();
  if (found === undefined || isEmptied(found.values))
    throw new AuthorityFault(
      `the Secret ${where.namespace}/${where.name} does not exist or is empty: a server fills it when it starts; ` +
        'is the Namespace right?',
    );
  return { found, shared: readShared(found.values, clock.now()) };
}

function messageOf(step: RotationStep, madeId = ''): string {
  switch (step.kind) {
    case 'prepare':
      return `authority ${madeId} is prepared: activate it in a few minutes, or it is activated by itself in a day`;
    case 'activate':
      return `authority ${step.id} is active, and the former one is retired: it is removed by itself in a day`;
    case 'remove':
      return `no longer trusted: ${step.ids.join(', ')}`;
  }
}
