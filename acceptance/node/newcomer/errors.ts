import { eventually } from '@rolegate/testing';
import type { FakeSts } from '@rolegate/testing';
import { IMAGES } from '../images.ts';
import { NAMESPACE } from '../installation.ts';
import type { Terminal } from './terminal.ts';

/** A person at the getting-started page. */
export interface Newcomer {
  readonly terminal: Terminal;
  readonly sts: FakeSts;
}

const SOON = { withinMs: 30_000, everyMs: 500 };
const SERVER = `helm -n ${NAMESPACE} install rolegate-server oci://$R/charts/rolegate-server`;
const AGENT = `helm -n ${NAMESPACE} install rolegate-agent oci://$R/charts/rolegate-agent`;
/** Until helm gives up; longer where it should not. */
const WAIT = '--wait --timeout 20s';
const LONG = '--wait --timeout 90s';

/** Errors of the installation. Each is taken back. */
export async function beforeInstalling({ terminal, sts }: Newcomer): Promise<void> {
  const { note, show, expect } = terminal;
  await expect(`kubectl create namespace ${NAMESPACE}`);

  note('No values: helm names those that have no default.');
  await show(SERVER, 'clusterName: required', 'credentials.source: required');

  note("Values of kiam's chart: helm says what they are called here.");
  await show(
    `${SERVER} --set server.assumeRoleArn=arn:aws:iam::123456789012:role/kiam-server --set agent.host.iptables=true`,
    'server.assumeRoleArn',
  );
  await show(`${AGENT} --set host.iptables=false --set server.image.tag=v4`, 'not supported');

  note('The server has no AWS credentials: the Secret is missing.');
  await expect(
    `printf 'clusterName: demo\\nregion: eu-central-1\\ncredentials: { source: secret, secret: { name: rolegate-server-aws } }\\nsts: { endpoint: "${sts.url}" }\\n' >server.yaml`,
  );
  await show(`${SERVER} -f server.yaml ${WAIT}`, 'context deadline exceeded');
  await show('kubectl rolegate doctor', 'rolegate-server-aws');
  await expect(`helm -n ${NAMESPACE} uninstall rolegate-server --wait`);

  note('The server has no AWS credentials: nothing gives them to podIdentity.');
  const values = '--set clusterName=demo,region=eu-central-1,credentials.source=podIdentity';
  await show(`${SERVER} ${values} ${LONG} >/dev/null`);
  await show('kubectl rolegate doctor', 'check the association');
  await expect(`helm -n ${NAMESPACE} uninstall rolegate-server --wait`);

  note('Pod Security forbids the agents.');
  await expect(
    `kubectl label --overwrite namespace ${NAMESPACE} pod-security.kubernetes.io/enforce=baseline`,
  );
  await show(`${AGENT} ${WAIT}`, 'context deadline exceeded');
  await show('kubectl rolegate doctor', `pod-security.kubernetes.io/enforce=privileged`);
  await expect(`helm -n ${NAMESPACE} uninstall rolegate-agent --wait`);
}

/** Errors of Pods and Namespaces, in the installation of the page. */
export async function ofPods({ terminal, sts }: Newcomer): Promise<void> {
  const { note, show, expect, enter } = terminal;
  const run = async (name: string, role: string) => {
    await expect(
      `kubectl -n demo run ${name} --image=${IMAGES.client} --image-pull-policy=IfNotPresent --annotations=iam.amazonaws.com/role=${role} --command -- sleep 3600`,
    );
    await expect(`kubectl -n demo wait --for=condition=Ready pod/${name}`);
    await expect(
      `kubectl -n demo exec ${name} -- curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/${encodeURIComponent(role)}`,
    );
  };
  /** The page is read once it shows what the server has learned by watching. */
  const explain = async (pod: string, ...words: readonly string[]) => {
    const line = `kubectl rolegate explain demo/${pod}`;
    await eventually(async () => {
      const { output } = await enter(line);
      const flat = output.replace(/\s+/g, ' ');
      if (!words.every((word) => flat.includes(word))) throw new Error(`$ ${line}\n${output}`);
    }, SOON);
    await show(line, ...words);
  };

  note('The Namespace permits nothing.');
  await expect('kubectl annotate namespace demo iam.amazonaws.com/permitted-');
  await run('no-permit', 'pods/demo');
  await explain('no-permit', 'NamespaceDenied', 'kubectl annotate --overwrite namespace demo');
  await show('kubectl rolegate logs --pod demo/no-permit', 'NamespaceDenied');

  note('The permit is a glob instead of a regular expression.');
  await expect("kubectl annotate namespace demo 'iam.amazonaws.com/permitted=pods/*'");
  await explain('no-permit', 'BROKEN');

  note('The role is in another account.');
  await expect("kubectl annotate --overwrite namespace demo 'iam.amazonaws.com/permitted=.*'");
  await run('wrong-account', 'arn:aws:iam::999999999999:role/pods/demo');
  await explain('wrong-account', 'OutsideCeiling', '999999999999');

  note('The role does not trust the server.');
  sts.fail('arn:aws:iam::123456789012:role/pods/untrusting', 'AccessDenied');
  await run('no-trust', 'pods/untrusting');
  await explain('no-trust', 'StsAccessDenied', 'trust');
  await show('kubectl -n demo events --for pod/no-trust --types=Warning', 'StsAccessDenied');

  note("The server's own credentials are invalid.");
  sts.expireServerCredentials();
  await run('no-credentials', 'pods/other');
  await explain('no-credentials', 'ServerCredentials');
  sts.renewServerCredentials();
}
