import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { KubernetesKind, KubernetesObject, StsFaultName } from '@rolegate/testing';

/** A call to the stand-ins, sent as one line. */
export type StandInCall =
  | { readonly do: 'apply'; readonly object: KubernetesObject }
  | {
      readonly do: 'delete';
      readonly kind: KubernetesKind;
      readonly namespace: string;
      readonly name: string;
    }
  /** Issues a ServiceAccount token for container credentials, bound to the Pod. */
  | {
      readonly do: 'token';
      readonly namespace: string;
      readonly name: string;
      /** True: signed by a key that is not published, so that only a review accepts it. */
      readonly unpublished?: boolean;
    }
  /** How many TokenReviews there were. */
  | { readonly do: 'token-reviews' }
  | { readonly do: 'kubeconfig' }
  | { readonly do: 'fail-sts'; readonly roleArn: string; readonly fault: StsFaultName }
  | { readonly do: 'limit-sessions'; readonly seconds: number }
  | { readonly do: 'sts-calls' };

/** The answer to a call, one line. Answers arrive in the order of the calls. */
export type StandInResult = { readonly result: unknown } | { readonly fault: string };

export interface StandIns {
  readonly call: (call: StandInCall) => Promise<unknown>;
  readonly close: () => void;
}

/** Connects to the stand-ins in another network namespace. */
export async function connectStandIns(path: string): Promise<StandIns> {
  const socket = connect(path);
  await once(socket, 'connect');
  const waiting: PromiseWithResolvers<unknown>[] = [];
  createInterface({ input: socket }).on('line', (line) => {
    const answer = JSON.parse(line) as StandInResult;
    const caller = waiting.shift();
    if ('fault' in answer) caller?.reject(new Error(`stand-ins: ${answer.fault}`));
    else caller?.resolve(answer.result);
  });
  socket.on('error', () => undefined);
  socket.once('close', () => {
    for (const caller of waiting.splice(0)) caller.reject(new Error('the stand-ins have ended'));
  });
  return {
    call(call) {
      const caller = Promise.withResolvers<unknown>();
      waiting.push(caller);
      socket.write(`${JSON.stringify(call)}\n`);
      return caller.promise;
    },
    close: () => socket.destroy(),
  };
}
