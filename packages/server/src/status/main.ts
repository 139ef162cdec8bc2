// Entry point of the status commands for the image, which loads nothing else of the program.
import { runServerCommand } from './command.ts';

const word = process.argv[2] === 'log-level' ? 'log-level' : 'status';
void runServerCommand(word, process).then((code) => {
  process.exitCode = code;
});
