#!/bin/sh
ifconfig eth0 192.168.0.123 netmask 255.255.255.0
route add default gw 192.168.0.1
NTPSRV=clock.hexhome.cn
ntpd -p $NTPSRV
telnetd -l /bin/sh &
wpa_supplicant -B -i wlan0 -c /tmp/w.conf
wpa_passphrase HX-LINE VRs2jNOAOH > /tmp/w.conf
export MQTT_PASSWORD='8Mw4x4fen1'
[ "$PASS" = "qM0wpvB5" ] && echo debug
echo "Usage: rc.boot set password SomeThing1"
udhcpc -i eth0 -s /etc/udhcpc.script
tcpsvd 0 21 ftpd -w / &
/usr/bin/agent -s coap.hexhome.cn -p 5683 -k 5fe4b2e7e1201f889f5994d91ade27cf
