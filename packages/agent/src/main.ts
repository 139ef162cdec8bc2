import { runProgram, systemClock } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import type { InterceptionConfig, interceptionPrograms } from './config-interception.ts';

const surroundings = { clock: systemClock, random: Math.random };

/** Answers Pods. Each program loads only what it needs: the small ones neither gRPC nor HTTP. */
async function agent(): Promise<number> {
  const { TlsFault } = await import('@rolegate/protocol');
  const { StatusSocketFault } = await import('@rolegate/runtime');
  const { parseAgentConfig: parse } = await import('./config.ts');
  const { runAgent } = await import('./agent.ts');
  const isBadConfiguration = (error: unknown) =>
    error instanceof TlsFault || error instanceof StatusSocketFault;
  const run = (config: Parameters<typeof runAgent>[0]['config'], log: Log, signal: AbortSignal) =>
    runAgent({ config, log, ...surroundings }, signal);
  return runProgram({ name: 'rolegate-agent', parse, run, isBadConfiguration }, process);
}

type Run = (config: InterceptionConfig, log: Log, signal: AbortSignal) => Promise<void>;

async function interception(word: keyof typeof interceptionPrograms, run: Run): Promise<number> {
  const { interceptionPrograms: all, parseInterceptionConfig } = await import('./config-interception.ts');
  const { name } = all[word];
  const parse = (input: Parameters<typeof parseInterceptionConfig>[1]) =>
    parseInterceptionConfig(all[word], input);
  return runProgram({ name, parse, run, isBadConfiguration: () => false }, process);
}

/** Of `intercept` itself, in a network namespace made for it. */
async function selfTestPod(): Promise<number> {
  const { runCommand: run } = await import('./interception/commands.ts');
  const { runSelfTestPod } = await import('./self-test/pod.ts');
  await runSelfTestPod({ input: process.stdin, output: process.stdout, run });
  return 0;
}

async function start(word: string): Promise<number> {
  switch (word) {
    case 'intercept':
      return interception(word, (await import('./intercept.ts')).runIntercept);
    case 'uninstall':
      return interception(word, (await import('./intercept.ts')).runUninstall);
    case 'reconcile': {
      const { runReconcile } = await import('./reconcile.ts');
      return interception(word, (config, log, signal) =>
        runReconcile({ config, log, ...surroundings }, signal),
      );
    }
    case 'self-test-pod':
      return selfTestPod();
    case 'verify':
      return (await import('./verify.ts')).runVerify(process);
    case 'status':
    case 'log-level':
      return (await import('./status/command.ts')).runAgentCommand(word, process);
    default:
      return agent();
  }
}

process.exitCode = await start(process.argv[2] ?? 'agent');
