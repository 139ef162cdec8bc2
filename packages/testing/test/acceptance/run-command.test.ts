import { describe, expect, it } from 'vitest';
import { outputOf, runCommand } from '@rolegate/testing';

describe('Command', () => {
  it('A failing command returns both outputs and its exit code', async () => {
    const result = await runCommand(['sh', '-c', 'cat; echo no >&2; exit 3'], { input: 'given' });
    expect(result).toEqual({ code: 3, stdout: 'given', stderr: 'no\n' });
  });

  it('A command that takes too long is killed', async () => {
    const { code } = await runCommand(['sleep', '60'], { timeoutMs: 50 });
    expect(code).toBeNull();
  });

  it('Only the path of the tools is passed on from the environment', async () => {
    process.env['ROLEGATE_OF_THE_TEST'] = 'x';
    const { stdout } = await runCommand(['sh', '-c', 'echo "$ROLEGATE_OF_THE_TEST$HOME"']);
    delete process.env['ROLEGATE_OF_THE_TEST'];
    expect(stdout).toBe('/nonexistent\n');
  });

  it('A command that cannot be started is rejected', async () => {
    await expect(runCommand(['/nonexistent/program'])).rejects.toThrow('ENOENT');
  });
});

describe('Command output', () => {
  it('The output of a command that succeeds is returned', async () => {
    await expect(outputOf(['echo', 'said'])).resolves.toBe('said\n');
  });

  it('A failing command is rejected with its command line and what it wrote', async () => {
    await expect(outputOf(['sh', '-c', 'echo why >&2; exit 1'])).rejects.toThrow(/^sh -c .*: why$/);
  });

  it('A command that fails without a message is rejected with its exit code', async () => {
    await expect(outputOf(['sh', '-c', 'exit 4'])).rejects.toThrow('exit code 4');
  });
});
