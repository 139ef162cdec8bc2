import { goClients } from './catalog/go.ts';
import { javaClients } from './catalog/java.ts';
import { javascriptClients } from './catalog/javascript.ts';
import { pythonClients } from './catalog/python.ts';
import { rubyClients } from './catalog/ruby.ts';
import { rustClients } from './catalog/rust.ts';
import { shellClients } from './catalog/shell.ts';
import type { Client } from './client.ts';

/** In the order of the tables. */
export const allClients: readonly Client[] = [
  ...pythonClients,
  ...javascriptClients,
  ...goClients,
  ...javaClients,
  ...rustClients,
  ...rubyClients,
  ...shellClients,
];
