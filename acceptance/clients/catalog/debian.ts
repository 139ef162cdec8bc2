import type { Client, Words } from '../client.ts';

/** Installs the system's packages that are missing. */
export function installPackages(...names: readonly string[]): Words {
  const all = names.join(' ');
  const install = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${all}`;
  return ['sh', '-c', `dpkg -s ${all} >/dev/null 2>&1 || { ${install}; }`];
}

/** Installs packages and checks how their versions begin: exactly one version of Debian's is available at a time. */
export function debianPackages(versions: Readonly<Record<string, string>>): Client['download'] {
  return [
    installPackages(...Object.keys(versions)),
    ...Object.entries(versions).map(([name, version]) => [
      'sh',
      '-c',
      `case "$(dpkg-query -W -f '\${Version}' ${name})" in ${version}*) ;; *) exit 1 ;; esac`,
    ]),
  ];
}

/** A package that is unpacked into `package/` and not installed. apt checks it by its signed list. */
export function unpackedPackage(name: string, version: string): Client['download'] {
  return [
    [
      'sh',
      '-ec',
      `[ -n "$(apt-cache madison ${name})" ] || apt-get update -qq; apt-get download -qq -o APT::Sandbox::User=root ${name}=${version}`,
    ],
    ['sh', '-ec', `dpkg-deb -x ${name}_*.deb package`],
  ];
}
