// A separate entry point for the image: the startup probe runs a command until the agent is ready, so it must load little.
import { runAgentCommand } from './command.ts';

const word = process.argv[2] === 'log-level' ? 'log-level' : 'status';
void runAgentCommand(word, process).then((code) => {
  process.exitCode = code;
});
