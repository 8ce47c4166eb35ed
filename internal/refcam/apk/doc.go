// Package apk writes small Android packages: enough for a reader of such
// packages to see a manifest, a network security configuration, resources, the
// strings of a program and a signature. In: elements, values, strings, files and
// a key. Out: the bytes of a package that aapt and apksigner read. It is not
// meant to be installed.
//
// The formats are those of ResourceTypes.h, of dex-format and of the APK
// Signature Schemes (source.android.com).
package apk
