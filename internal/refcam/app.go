package refcam

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"assay/internal/refcam/apk"
	"assay/internal/refcam/elf"
)

// What the companion app of the camera is called.
const (
	AppPackage = "net.lumi.cam"
	AppRelease = "3.2.0"
)

// AppName is the name of the app's package among the evidence.
func AppName() string { return "lumi-cam_" + AppRelease + ".apk" }

// App returns the package of the companion app for Android.
func (c *Camera) App() ([]byte, error) {
	native, err := elf.Write(c.code("app", 24<<10), []string{"libcamview 3.2.0", "wss://" + apiHost + "/v1/live"}, true)
	if err != nil {
		return nil, fmt.Errorf("companion app: %w", err)
	}
	signer, err := c.appSigner()
	if err != nil {
		return nil, fmt.Errorf("companion app: %w", err)
	}
	texts := []apk.Value{{Name: "app_name", Text: "Lumi Cam"}, {Name: "api_url", Text: "https://" + apiHost + "/v1"}}
	if c.weak[AppSecret] {
		texts = append(texts, apk.Value{Name: "mqtt_username", Text: "lumi-app"}, apk.Value{Name: "mqtt_password", Text: c.password("app")})
	}
	const network = "res/xml/network_security_config.xml"
	files := []apk.File{
		{Path: "AndroidManifest.xml", Data: apk.XML(c.appManifest())},
		{Path: "classes.dex", Data: apk.Dex("Lnet/lumi/cam/MainActivity;", "live view of the camera", "https://"+apiHost+"/v1/device", "wss://"+apiHost+"/v1/live", "AES/GCM/NoPadding", "AndroidKeyStore")},
		{Path: "resources.arsc", Data: apk.Table(AppPackage, texts, []apk.Value{{Name: "network_security_config", Text: network}})},
		{Path: network, Data: apk.XML(c.appNetwork())},
		{Path: "lib/armeabi-v7a/libcamview.so", Data: native},
	}
	return apk.Write(files, signer, built)
}

func (c *Camera) appManifest() apk.Element {
	attr := func(name string, v any) apk.Attr { return apk.Attr{Name: name, Value: v} }
	element := func(name string, attrs []apk.Attr, children ...apk.Element) apk.Element {
		return apk.Element{Name: name, Attrs: attrs, Children: children}
	}
	named := func(kind, name string) apk.Element { return element(kind, []apk.Attr{attr("name", name)}) }
	parts := []apk.Element{
		element("activity", []apk.Attr{attr("name", ".MainActivity"), attr("exported", true)},
			element("intent-filter", nil, named("action", "android.intent.action.MAIN"), named("category", "android.intent.category.LAUNCHER"))),
		element("service", []apk.Attr{attr("name", ".LiveService"), attr("exported", c.weak[AppOpenPart])}),
		element("provider", []apk.Attr{attr("name", ".ClipProvider"), attr("authorities", AppPackage+".clips"), attr("exported", c.weak[AppOpenProvider])}),
	}
	app := []apk.Attr{attr("label", apk.Resource(0x7f010000)), attr("allowBackup", c.weak[AppBackup]), attr("networkSecurityConfig", apk.Resource(0x7f020000))}
	if c.weak[AppDebuggable] {
		app = append(app, attr("debuggable", true))
	}
	return element("manifest", []apk.Attr{attr("package", AppPackage), attr("versionCode", 320), attr("versionName", AppRelease)},
		element("uses-sdk", []apk.Attr{attr("minSdkVersion", 26), attr("targetSdkVersion", 34)}),
		named("uses-permission", "android.permission.INTERNET"),
		named("uses-permission", "android.permission.CAMERA"), // scans the label
		named("uses-permission", "android.permission.POST_NOTIFICATIONS"),
		element("application", app, parts...))
}

func (c *Camera) appNetwork() apk.Element {
	trusted := []apk.Element{{Name: "certificates", Attrs: []apk.Attr{{Name: "src", Value: "system"}}}}
	if c.weak[AppUserCAs] {
		trusted = append(trusted, apk.Element{Name: "certificates", Attrs: []apk.Attr{{Name: "src", Value: "user"}}})
	}
	return apk.Element{Name: "network-security-config", Children: []apk.Element{{
		Name: "base-config", Attrs: []apk.Attr{{Name: "cleartextTrafficPermitted", Value: fmt.Sprint(c.weak[AppCleartext])}},
		Children: []apk.Element{{Name: "trust-anchors", Children: trusted}},
	}}}
}

// appSigner is the key of the maker's releases, or the one that every
// developer's machine makes.
func (c *Camera) appSigner() (apk.Signer, error) {
	label, name := "app", pkix.Name{CommonName: "Lumi Cam Release", Organization: []string{Maker}, Country: []string{"TW"}}
	if c.weak[AppDebugSigned] {
		label, name = "app/debug", pkix.Name{CommonName: "Android Debug", Organization: []string{"Android"}, Country: []string{"US"}}
	}
	k, err := c.ecKey(label)
	if err != nil {
		return apk.Signer{}, err
	}
	key := steady{k}
	t := &x509.Certificate{SerialNumber: new(big.Int).SetBytes(c.derive("serial/"+label, 8)), Subject: name,
		NotBefore: built.AddDate(-1, 0, 0), NotAfter: time.Date(2054, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(nil, t, t, key.Public(), key)
	if err != nil {
		return apk.Signer{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return apk.Signer{}, err
	}
	schemes := []string{"v2", "v3"}
	if c.weak[AppOldSignature] {
		schemes = []string{"v1"}
	}
	return apk.Signer{Key: key, Certificate: cert, Schemes: schemes}, nil
}
