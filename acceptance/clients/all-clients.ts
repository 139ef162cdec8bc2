import { goClients } from './catalog/go.ts';
import { hashicorpClients } from './catalog/hashicorp.ts';
import { javaClients } from './catalog/java.ts';
import { javascriptClients } from './catalog/javascript.ts';
import { objectStorageClients } from './catalog/object-storage.ts';
import { phpClients } from './catalog/php.ts';
import { pythonClients } from './catalog/python.ts';
import { replayedClients } from './catalog/replayed.ts';
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
  ...phpClients,
  ...hashicorpClients,
  ...objectStorageClients,
  ...replayedClients,
];
