// The commands by themselves, for the image: the startup probe runs one until the agent is ready, so nothing else of the program is loaded.
import { runAgentCommand } from './command.ts';

const word = process.argv[2] === 'log-level' ? 'log-level' : 'status';
void runAgentCommand(word, process).then((code) => {
  process.exitCode = code;
});
