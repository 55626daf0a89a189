#!/usr/bin/env bash
# tools/debian.sh GROUP… — the Debian packages of these groups, installed where they are missing.
# As root it installs them, without starting the services they bring; as anyone else it prints the one line that does.
set -euo pipefail

# group  package                    what shows that it is there: a command, python:MODULE, header:NAME, file:PATH or lib:NAME
packages() {
  cat <<'END'
env      python3-venv               python:ensurepip
build    gcc                        cc
build    libc6-dev                  file:/usr/include/stdio.h
build    python3-dev                header:Python.h
build    libpcsclite-dev            file:/usr/include/PCSC/winscard.h
assets   npm                        npm
watch    prometheus                 prometheus
watch    prometheus-alertmanager    prometheus-alertmanager
test     postgresql                 postgres
test     iproute2                   ip
test     strace                     strace
test     chromium                   chromium
test     prometheus                 prometheus
test     prometheus-alertmanager    prometheus-alertmanager
test     victoria-metrics           victoria-metrics
test     libatomic1                 lib:libatomic.so.1
test     iputils-ping               ping
test     nftables                   nft
test     unbound                    unbound
test     dnsmasq-base               dnsmasq
test     snmpd                      snmpd
test     tinyproxy                  tinyproxy
test     softhsm2                   softhsm2-util
test     opensc                     pkcs11-tool
test     opensc-pkcs11              file:/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so
test     pcscd                      pcscd
test     vsmartcard-vpcd            file:/usr/lib/pcsc/drivers/serial/libifdvpcd.so
test     nut-server                 upsd
test     cups-daemon                cupsd
test     cups-client                lpadmin
test     smartmontools              smartctl
test     openssl                    openssl
test     nodejs                     node
test     tshark                     tshark
bench    iputils-ping               ping
bench    iperf3                     iperf3
bench    fping                      fping
bench    curl                       curl
bench    nftables                   nft
bench    prometheus-blackbox-exporter prometheus-blackbox-exporter
bench    prometheus                 prometheus
bench    prometheus-node-exporter   prometheus-node-exporter
bench    prometheus-pushgateway     prometheus-pushgateway
bench    victoria-metrics           victoria-metrics
bench    zabbix-agent2              zabbix_agent2
END
}

PATH=$PATH:/usr/sbin:/sbin:$(printf '%s:' /usr/lib/postgresql/*/bin)

present() {
  case $1 in
    python:*) "${PYTHON:-/usr/bin/python3}" -c "import ${1#python:}" 2>/dev/null ;;
    header:*) test -e "$("${PYTHON:-/usr/bin/python3}" -c "import sysconfig; print(sysconfig.get_path(\"include\"))")/${1#header:}" ;;
    file:*) test -e "${1#file:}" ;;
    lib:*) ldconfig -p | grep -q "${1#lib:}" ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
while read -r group package proof; do
  for wanted in "$@"; do
    if [ "$group" = "$wanted" ] && ! present "$proof"; then missing+=("$package"); fi
  done
done < <(packages)
[ ${#missing[@]} -gt 0 ] || exit 0

install="apt-get install --yes --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
  echo "Missing Debian packages; run this line, then make again: sudo $install" >&2
  exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" # invoke-rc.d asks it: 101 forbids starting what is being installed
  chmod 755 "$policy"
fi
echo "» Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update --quiet && $install --quiet; } >"$log" 2>&1 </dev/null; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install: ${missing[*]} (all of its output: $log)" >&2
  exit 1
fi
rm -f "$log"
