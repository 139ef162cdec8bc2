// Adds what our code uses and Node.js 20 lacks, because users run the plugin with the Node.js that they have.

export function groupBy<Key, Item>(items: Iterable<Item>, keyOf: (item: Item, at: number) => Key) {
  const groups = new Map<Key, Item[]>();
  let at = 0;
  for (const item of items) {
    const key = keyOf(item, at++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

export function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve: PromiseWithResolvers<Value>['resolve'] = () => undefined;
  let reject: PromiseWithResolvers<Value>['reject'] = () => undefined;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

if (!('groupBy' in Map)) Object.assign(Map, { groupBy });
if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers });
