import { expect, it } from 'vitest';
import { planInterception } from '../../../src/interception/rules/plan.ts';
import { parseSavedTables } from '../../../src/interception/rules/saved-rules.ts';
import { countRedirected, countPackets } from '../../../src/interception/rules/packets.ts';

const PLAN = planInterception({
  hostIps: { ipv4: '198.18.0.1' },
  port: 8181,
  guardedPorts: [9621, 9622],
  hostInterfaces: [],
  excludedInterfaces: ['tap0'],
  containerCredentials: false,
});

const SAVED = `*nat
:PREROUTING ACCEPT [0:0]
:ROLEGATE - [0:0]
[20:0] -A PREROUTING -d 169.254.169.254/32 -j ROLEGATE
[4:0] -A ROLEGATE -i tap0 -j RETURN
[9:0] -A ROLEGATE -p tcp -m tcp --dport 80 -j DNAT --to-destination 198.18.0.1:8181
:OUTPUT ACCEPT [0:0]
:ROLEGATE-PORTS - [0:0]
[50:0] -A PREROUTING -d 198.18.0.1/32 -p tcp -j ROLEGATE-PORTS
[60:0] -A OUTPUT -d 127.0.0.1/32 -p tcp -j ROLEGATE-PORTS
[3:0] -A ROLEGATE-PORTS -p tcp -m tcp --dport 9621 -j ACCEPT
[8:0] -A ROLEGATE-PORTS -p tcp -m tcp --dport 9622 -j ACCEPT
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:ROLEGATE-DENY - [0:0]
:ROLEGATE-INPUT - [0:0]
[99:0] -A FORWARD -d 169.254.169.254/32 -j ROLEGATE-DENY
[1:0] -A ROLEGATE-DENY -i tap0 -j RETURN
[2:0] -A ROLEGATE-DENY -p tcp -j REJECT --reject-with tcp-reset
[3:0] -A ROLEGATE-DENY -j REJECT --reject-with icmp-admin-prohibited
[40:0] -A ROLEGATE-INPUT -m conntrack --ctstate NEW --ctorigdst 169.254.169.254 -m recent --rcheck --seconds 1 --name rolegate --mask 255.255.255.255 --rsource -j DROP
[2:0] -A ROLEGATE-INPUT -m conntrack --ctstate NEW --ctorigdst 169.254.169.254 -m limit --limit 10000/sec --limit-burst 10000 -m hashlimit --hashlimit-above 200/sec --hashlimit-burst 512 --hashlimit-mode srcip --hashlimit-name rolegate-1 --hashlimit-htable-size 16384 --hashlimit-htable-max 262144 --hashlimit-htable-expire 3000 -m recent --set --name rolegate --mask 255.255.255.255 --rsource -j DROP
[9:0] -A ROLEGATE-INPUT -m conntrack --ctstate DNAT --ctorigdst 169.254.169.254 -j ACCEPT
[5:0] -A ROLEGATE-INPUT -j DROP
COMMIT
`;

it('Packets are counted by layer, refused connections apart, and those of excluded guests not at all', () => {
  const saved = { ipv4: parseSavedTables(SAVED), ipv6: new Map() };
  expect(countPackets(PLAN, saved)).toEqual({
    nat: 9,
    route: 7,
    filter: 5,
    input: 5,
    ports: 11,
    refused: 42,
  });
  expect(countRedirected(PLAN, saved)).toEqual({ ipv4: 9, ipv6: 0 });
});
