/** Functions that the parent process can call. Arguments and results are passed as JSON. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

/** A message from parent to child. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** A message from child to parent. The first one has no ID. */
export interface Return {
  readonly id?: number;
  readonly result?: unknown;
  readonly fault?: string;
}

/** Serves calls from the parent process, and ends with it. */
export function serveCalls(calls: Calls): void {
  const answer = async ({ id, name, argument }: Call): Promise<Return> => {
    try {
      const call = calls[name];
      if (call === undefined) throw new Error(`there is no ${name}`);
      return { id, result: await call(argument as never) };
    } catch (error) {
      return { id, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (message) => {
    void answer(message as Call).then((returned) => process.send?.(returned));
  });
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
  });
  process.send?.({} satisfies Return);
}
