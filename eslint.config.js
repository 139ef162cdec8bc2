import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Forbidden imports by folder (DESIGN.md 2). */
const borders = [
  ['packages/server/src/**', ['@rolegate/agent', '@rolegate/testing', '@rolegate/sandbox']],
  [
    'packages/agent/src/**',
    ['@rolegate/server', '@rolegate/testing', '@rolegate/sandbox', '@kubernetes/*', '@aws-sdk/*'],
  ],
  ['packages/cli/src/**', ['@rolegate/server', '@rolegate/agent', '@rolegate/testing', '@rolegate/sandbox']],
  ['packages/protocol/src/**', ['@rolegate/*']],
  ['packages/runtime/src/**', ['@rolegate/*']],
  [
    'packages/testing/src/**',
    ['@rolegate/server', '@rolegate/agent', '@rolegate/sandbox', '@rolegate/runtime'],
  ],
  ['packages/server/src/kubernetes/**', ['**/policy/**', '**/credentials/**', '**/feed/**']],
  ['packages/server/src/policy/**', ['**/kubernetes/**', '**/credentials/**', '**/feed/**']],
  ['packages/server/src/credentials/**', ['**/kubernetes/**', '**/policy/**', '**/feed/**']],
];

/** Only for clients. Servers use createHttpServer, which bounds bytes, times and turns (DESIGN.md 4.11). */
const unboundedServers = ['http', 'https', 'node:http', 'node:https'].map((name) => ({
  name,
  importNames: ['default', 'createServer', 'Server'],
  message: 'use createHttpServer of @rolegate/runtime',
}));

export default defineConfig(
  { ignores: ['**/dist', '**/coverage', 'packages/protocol/src/generated'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'SpreadElement > :matches(ObjectExpression, ArrayExpression).argument',
          message: 'write its members in place, one per line',
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'set process.exitCode' },
      ],
    },
  },
  ...borders.map(([folder, group]) => ({
    files: [folder],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group, message: 'see DESIGN.md 2' }] },
      ],
    },
  })),
  {
    // It may also import what is pure: the server's policy, the tables of former flags, and the lists of metadata paths.
    files: ['packages/cli/src/migrate/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^@rolegate/(?!(protocol|runtime|server|(agent|server)/legacy-flags|agent/metadata-paths)$)',
              message: 'see DESIGN.md 2',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['packages/{agent,server,runtime}/src/**'],
    rules: { 'no-restricted-imports': ['error', { paths: unboundedServers }] },
  },
  {
    // The library's types are classes, but its API accepts plain objects.
    files: ['acceptance/cluster/**'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    // The enums of uPlot exist only in its types.
    files: ['acceptance/monitoring/page/**'],
    rules: { '@typescript-eslint/no-unsafe-enum-assignment': 'off' },
  },
  {
    // vitest's asymmetric matchers (expect.any …) return any.
    files: ['**/test/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    files: ['scripts/**', '*.js'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['acceptance/clients/programs/**'],
    languageOptions: {
      globals: {
        URL: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
        process: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
);
