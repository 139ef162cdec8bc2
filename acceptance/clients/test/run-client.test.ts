import { expect, it } from 'vitest';
import { runClient } from '../run-client.ts';
import { refusedOutcome, servedOutcome } from './trials.ts';

const run = (script: string) => runClient({ command: ['sh', '-c', script], env: { VARIABLE: 'injected' } });

it('Each line of JSON that a client prints is an outcome, and other output is not', async () => {
  const outcomes = [servedOutcome(), refusedOutcome()];
  const lines = outcomes.map((outcome) => JSON.stringify(outcome)).join('\n');
  expect(await run(`echo warming up; cat <<'END'\n${lines}\nEND`)).toEqual(outcomes);
});

it('A client that ends abnormally has failed with what it wrote last', async () => {
  const [outcome] = await run('echo "uncaught error" >&2; exit 3');
  expect(outcome).toMatchObject({ ok: false, error: 'ended with exit code 3: uncaught error' });
});

it('A client that crashes has failed with what it wrote first', async () => {
  const [outcome] = await run('echo "fatal condition" >&2; kill -ABRT $$');
  expect(outcome).toMatchObject({ ok: false, error: 'crashed: fatal condition' });
});

it('The first outcome is announced before the client has ended', async () => {
  let [announced, ended] = [false, false];
  const running = runClient({
    command: ['sh', '-c', 'echo "{}"; read -r line; echo "{}"'],
    env: {},
    onOutput: () => {
      announced ||= !ended;
    },
  });
  await running;
  ended = true;
  expect(announced).toBe(true);
});

it('A client sees the given variables, and none of the environment of the suite', async () => {
  const [outcome] = await run('echo "$VARIABLE, $USER$LOGNAME" >&2; exit 1');
  expect(outcome?.error).toBe('ended with exit code 1: injected,');
});
