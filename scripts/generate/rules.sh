#!/bin/sh
# Writes docs/figures/rules.txt: the rules of an IPv4 and IPv6 node, as iptables-save, ip6tables-save and ip rule print them. Needs
# root; runs in a network namespace that leads nowhere.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1-}" != inside ]; then exec unshare --net "$0" inside; fi

ip link set lo up
ip addr add 10.0.1.23/32 dev lo
ip addr add 2001:db8:1::23/128 dev lo nodad
intercept='intercept --host-ip 10.0.1.23,2001:db8:1::23'
# shellcheck disable=SC2086
node --conditions=development packages/agent/src/main.ts $intercept --self-test off --iptables-backend nft >&2

listing() { # SAVE-COMMAND TABLE: without counters and times
	printf '\n# %s -t %s\n*%s\n' "$1" "$2" "$2"
	"$1" -t "$2" | sed -n '/^:/s/ \[.*//p; /^-A/p'
}
{
	printf '# rolegate-agent %s\n' "$intercept"
	for save in iptables-nft-save ip6tables-nft-save; do listing $save nat; listing $save filter; done
	for family in -4 -6; do printf '\n# ip %s rule\n' "$family"; ip "$family" rule; done
} >docs/figures/rules.txt
