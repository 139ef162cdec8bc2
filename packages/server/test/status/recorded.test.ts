import { VERSION } from '@rolegate/runtime';
import { recorded } from '@rolegate/testing';
import { describe, expect, it } from 'vitest';
import { setup } from './setup.ts';

const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';
const ALLOWED = 'iam.amazonaws.com/allowed-roles';

type Server = ReturnType<typeof setup>;

/** An error of STS as the SDK throws it. */
function stsError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name, $fault: 'client' });
}

function place(t: Server, more: Parameters<Server['setPod']>[1] = {}) {
  t.setPod('checkout', { uid: 'uid-1', annotations: { [ROLE]: 'checkout' }, ips: ['10.1.0.7'], ...more });
}

/** A Pod with a role that its Namespace permits. */
function permitted(t: Server, role = 'checkout') {
  t.setNamespace('shop', { [PERMITTED]: 'checkout|cart' });
  place(t, { annotations: { [ROLE]: role } });
}

/** A permitted Pod whose session STS refuses. */
function refused(t: Server, error: Error) {
  t.sts.fault = error;
  permitted(t);
}

describe('The recorded answers of the server, which tests of kubectl rolegate read', () => {
  it.each<{ readonly name: string; readonly isAlone?: boolean; readonly make: (t: Server) => void }>([
    { name: 'served', make: permitted },
    {
      name: 'permitted-by-list',
      make: (t) => {
        permitted(t);
        t.setNamespace('shop', { [PERMITTED]: 'cart', [ALLOWED]: '["cart*", "check*"]' });
      },
    },
    {
      name: 'missing-permit',
      make: (t) => {
        permitted(t);
        t.setNamespace('shop', {});
      },
    },
    {
      name: 'other-permit',
      make: (t) => {
        permitted(t);
        t.setNamespace('shop', { [PERMITTED]: 'cart' });
      },
    },
    {
      name: 'invalid-permit',
      make: (t) => {
        permitted(t);
        t.setNamespace('shop', { [PERMITTED]: 'check(out' });
      },
    },
    {
      name: 'wrong-account',
      make: (t) => {
        permitted(t, 'arn:aws:iam::999999999999:role/checkout');
      },
    },
    {
      name: 'bad-annotation',
      make: (t) => {
        permitted(t, 'check out');
      },
    },
    {
      name: 'no-role',
      make: (t) => {
        permitted(t, '');
      },
    },
    {
      name: 'not-trusted',
      make: (t) => {
        const who = 'arn:aws:sts::123456789012:assumed-role/rolegate-server/i-0';
        const what = 'sts:AssumeRole on resource: arn:aws:iam::123456789012:role/checkout';
        refused(t, stsError('AccessDenied', `User: ${who} is not authorized to perform: ${what}`));
      },
    },
    {
      name: 'throttled',
      make: (t) => {
        refused(t, stsError('ThrottlingException', 'Rate exceeded'));
      },
    },
    {
      name: 'expired-own-credentials',
      make: (t) => {
        refused(
          t,
          stsError('ExpiredTokenException', 'The security token included in the request is expired'),
        );
      },
    },
    {
      name: 'undetected-base-arn',
      make: (t) => {
        t.base.arn = undefined;
        permitted(t);
      },
    },
    {
      name: 'host-network',
      make: (t) => {
        permitted(t);
        place(t, { hostNetwork: true });
      },
    },
    {
      name: 'static-pod',
      make: (t) => {
        permitted(t);
        place(t, { staticPod: true });
      },
    },
    {
      name: 'closed-metadata',
      make: (t) => {
        permitted(t);
        t.setNamespace('shop', { [PERMITTED]: 'checkout', 'rolegate.dev/metadata': 'deny' });
      },
    },
    { name: 'without-agent', isAlone: true, make: permitted },
    {
      name: 'unseen-namespace',
      make: place,
    },
    { name: 'unknown-pod', make: () => undefined },
  ])('The answer of a server in the state "$name" is the recorded one', async ({ name, isAlone, make }) => {
    const t = setup();
    make(t);
    if (isAlone !== true) await t.connect();
    const { now, before } = await recorded(`server/${name}`, t.explain('shop/checkout'), VERSION);
    expect(now).toEqual(before);
  });
});
