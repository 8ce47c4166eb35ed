# by RouterOS 6.48.6
/interface wireless security-profiles
set [ find default=yes ] authentication-types=wpa2-psk mode=dynamic-keys supplicant-identity=Box wpa2-pre-shared-key=dvCxSD1F2B
/interface pppoe-client
add disabled=no interface=ether1 name=pppoe-out1 password=y475WPx user=dsl-771
/snmp community
set [ find default=yes ] name=public
/system ntp client
set enabled=yes primary-ntp=203.0.113.30
/tool netwatch
add host=203.0.113.31
