// The commands by themselves, for the image: nothing else of the program is loaded.
import { runServerCommand } from './command.ts';

const word = process.argv[2] === 'log-level' ? 'log-level' : 'status';
void runServerCommand(word, process).then((code) => {
  process.exitCode = code;
});
