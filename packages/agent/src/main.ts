// Each program loads only what it needs: the small ones load neither gRPC nor HTTP.

/** Run by `intercept` in a temporary network namespace. */
async function selfTestPod(): Promise<number> {
  const { runCommand: run } = await import('./interception/commands.ts');
  const { runSelfTestPod } = await import('./self-test/pod.ts');
  await runSelfTestPod({ input: process.stdin, output: process.stdout, run });
  return 0;
}

async function start(word: string): Promise<number> {
  switch (word) {
    case 'intercept':
    case 'uninstall':
    case 'reconcile':
      return (await import('./commands/interception-program.ts')).runInterceptionProgram(word, process);
    case 'self-test-pod':
      return selfTestPod();
    case 'verify':
      return (await import('./commands/verify/verify.ts')).runVerify(process);
    case 'status':
    case 'log-level':
      return (await import('./status/command.ts')).runAgentCommand(word, process);
    default:
      return (await import('./agent-program.ts')).runAgentProgram(process);
  }
}

process.exitCode = await start(process.argv[2] ?? 'agent');
