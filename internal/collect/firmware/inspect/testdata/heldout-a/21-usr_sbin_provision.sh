#!/bin/sh
# provision.sh: called once on the line
SSID=line; KEY_FILE=/etc/key
DB_PASSWORD="$1"
printf '6zmtogHm\n' | passwd root
echo 'operator:C24gWOJVS' | chpasswd
nvram set http_passwd=dJrj6GC
nvram commit
uci set wireless.@wifi-iface[0].key='44wzm1yXSi'
uci set network.lan.ipaddr='192.168.8.1'
iwpriv ra0 set WPAPSK=tlKOtf3U3h2
wpa_cli -i wlan0 set_network 0 psk '"F5JNU1kKX"'
mount -t cifs //203.0.113.8/line /mnt -o username=line,password=G8pGp9Nt
sshpass -p 'T1SKbYKxo' scp /tmp/log line@203.0.113.8:/srv/
curl -s -H "Authorization: Bearer 4oIZoRGTdosCOMRNhDqbL9NEq1RxoWK8Qh9dvzhf" https://line.hexview-mgmt.com/v1/units -d @/tmp/id
wget --user=line --password=iLOGZ1Dr ftp://203.0.113.8/cfg.tgz
ftpput -u line -p 1cBd8VQ6 203.0.113.8 id.txt /tmp/id
mosquitto_pub -h mq.hexview-mgmt.com -u line --pw Kp6I6cnP0 -t x -m y
snmpset -v2c -c mvd9Pzle 192.168.8.2 1.3.6.1.2.1.1.5.0 s cam
read -p "Password: " PW
[ -z "$PW" ] && exit 1
ping -c1 ping.hexview-mgmt.com || exit 2
