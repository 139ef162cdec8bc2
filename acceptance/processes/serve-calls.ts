/** Functions that the parent may call; what they take and give passes through JSON. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

/** What goes from parent to child. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** What comes back; the first message of all has no id. */
export interface Return {
  readonly id?: number;
  readonly result?: unknown;
  readonly fault?: string;
}

/** Makes this process answer calls of its parent, and end with it. */
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
