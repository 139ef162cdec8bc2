// Asks a client, and prints each outcome as a line of JSON. The argument is how many seconds later it asks again, `crowd` for a hundred
// clients at once, or `region`.

const CROWD = 100;

/** `open` returns a new client: a function that returns the access key ID and the account that STS says it belongs to. */
export async function ask(open, region) {
  const [word = '0'] = process.argv.slice(2);
  if (word === 'region') await report(async () => ({ region: await region() }));
  else if (word === 'crowd') await Promise.all(Array.from({ length: CROWD }, () => once(open())));
  else {
    const fetch = open();
    await once(fetch);
    if (word === '0') return;
    await new Promise((resolve) => setTimeout(resolve, Number(word) * 1000));
    await once(fetch);
  }
}

function once(fetch) {
  return report(async () => {
    const [accessKeyId, account] = await fetch();
    return { accessKeyId, account };
  });
}

async function report(act) {
  const start = performance.now();
  const seen = await act().then(
    (found) => ({ ok: true, ...found, error: '' }),
    ({ name, message }) => ({ ok: false, error: `${name}: ${message}` }),
  );
  const tookMs = Math.round(performance.now() - start);
  console.log(JSON.stringify({ accessKeyId: '', account: '', ...seen, tookMs }));
}
