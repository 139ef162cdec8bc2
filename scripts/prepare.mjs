// Installs what is missing, then runs the npm script named by the first argument with the rest. Runs on any Node from 20 on;
// afterwards npm finds the pinned Node (node_modules/.bin/node) first.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules/.installed');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const [script, ...rest] = process.argv.slice(2);

function npm(...args) {
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}

function install() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 0;
  console.error('installing packages');
  // No package here needs an install script; what ships binaries ships them prebuilt. Not `npm ci`: it refuses a lock file
  // that lacks an optional package of another platform. The lock file is followed all the same, and not written.
  const status = npm(
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  );
  if (status === 0) writeFileSync(stamp, wanted);
  return status;
}

process.exitCode = install() || npm('run', '--silent', script, '--', ...rest);
