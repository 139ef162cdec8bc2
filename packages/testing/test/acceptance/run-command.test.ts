import { describe, expect, it } from 'vitest';
import { outputOf, runCommand } from '@rolegate/testing';

describe('runCommand', () => {
  it('gives both outputs and the exit code of a command that fails', async () => {
    const result = await runCommand(['sh', '-c', 'cat; echo no >&2; exit 3'], { input: 'given' });
    expect(result).toEqual({ code: 3, stdout: 'given', stderr: 'no\n' });
  });

  it('kills a command that takes too long', async () => {
    const { code } = await runCommand(['sleep', '60'], { timeoutMs: 50 });
    expect(code).toBeNull();
  });

  it('hands nothing of the environment on but the path of the tools', async () => {
    process.env['ROLEGATE_OF_THE_TEST'] = 'x';
    const { stdout } = await runCommand(['sh', '-c', 'echo "$ROLEGATE_OF_THE_TEST$HOME"']);
    delete process.env['ROLEGATE_OF_THE_TEST'];
    expect(stdout).toBe('/nonexistent\n');
  });

  it('rejects if the command cannot be started', async () => {
    await expect(runCommand(['/nonexistent/program'])).rejects.toThrow('ENOENT');
  });
});

describe('outputOf', () => {
  it('gives the output of a command that succeeds', async () => {
    await expect(outputOf(['echo', 'said'])).resolves.toBe('said\n');
  });

  it('rejects with the command and what it wrote if it fails', async () => {
    await expect(outputOf(['sh', '-c', 'echo why >&2; exit 1'])).rejects.toThrow(/^sh -c .*: why$/);
  });

  it('rejects with the exit code of a command that fails without a word', async () => {
    await expect(outputOf(['sh', '-c', 'exit 4'])).rejects.toThrow('exit code 4');
  });
});
