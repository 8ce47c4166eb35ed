package host

import "strconv"

// domains are the ends of names that are looked for where no line is read whole:
// generic ones, and of the countries that cameras and their clouds come from.
// Names with other ends are found behind a scheme or by their setting.
var domains = []string{".com", ".net", ".org", ".info", ".biz", ".cloud", ".xyz", ".online", ".top", ".app", ".dev", ".iot", ".tech", ".site", ".shop", ".link", ".live", ".cn", ".tw", ".hk", ".jp", ".kr", ".sg", ".in", ".vn", ".de", ".fr", ".uk", ".eu", ".nl", ".it", ".es", ".pl", ".se", ".ch", ".ru", ".us", ".ca", ".au", ".br", ".mx", ".io", ".ai", ".tv", ".me", ".cc", ".co"}

// networked are names of functions that only a program that opens connections
// has.
var networked = []string{"getaddrinfo", "gethostbyname", "curl_easy_perform", "mosquitto_connect", "esp_http_client", "lwip_connect"}

// Single words: the mark of a URL, the same in UTF-16 (little-endian), "http" in
// base64 and in hexadecimal.
const (
	wordURL = iota
	wordWide
	wordBase64
	wordHex
	firstDomain // domains begin here
)

var (
	firstOctet     = firstDomain + len(domains) // ".0." to ".255."
	firstNetworked = firstOctet + 256
)

var words = func() []string {
	all := append([]string{"://", ":\x00/\x00/", "aHR0c", "68747470"}, domains...)
	for i := range 256 {
		all = append(all, "."+strconv.Itoa(i)+".")
	}
	return append(all, networked...)
}()
