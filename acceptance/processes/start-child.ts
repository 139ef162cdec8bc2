import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Calls, Return } from './serve-calls.ts';

/** The parent's view of the child's functions. */
export type Remote<Served extends Calls> = {
  readonly [Name in keyof Served]: (
    argument: Parameters<Served[Name]>[0],
  ) => Promise<Awaited<ReturnType<Served[Name]>>>;
};

export interface Child<Served extends Calls> extends AsyncDisposable {
  readonly pid: number;
  readonly call: Remote<Served>;
}

export interface ChildOptions {
  /** Node.js flags. */
  readonly node?: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command prefix, such as one that enters a network namespace. */
  readonly through?: readonly string[];
}

/** Starts a script in a separate process, so that it does not slow down what is measured. */
export async function startChild<Served extends Calls>(
  script: URL,
  { node = [], env = {}, through = [] }: ChildOptions = {},
): Promise<Child<Served>> {
  const name = basename(script.pathname, '.ts');
  const words = [process.execPath, '--conditions=development', ...node, fileURLToPath(script)];
  const [file = '', ...args] = [...through, ...words];
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const started = Promise.withResolvers<undefined>();
  let calls = 0;
  child.on('message', (message) => {
    const { id, result, fault } = message as Return;
    if (id === undefined) started.resolve(undefined);
    else if (fault === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(`${name}: ${fault}`));
    if (id !== undefined) waiting.delete(id);
  });
  child.once('exit', () => {
    const error = new Error(`the child ${name} has ended`);
    for (const { reject } of [started, ...waiting.values()]) reject(error);
  });
  await started.promise;

  const call = new Proxy(Object.create(null) as Remote<Served>, {
    get: (_, called: string) => (argument: unknown) => {
      const id = calls++;
      const returned = Promise.withResolvers<unknown>();
      waiting.set(id, returned);
      child.send({ id, name: called, argument });
      return returned.promise;
    },
  });
  return {
    pid: child.pid ?? 0,
    call,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}
