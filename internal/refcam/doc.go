// Package refcam is a consumer network camera in software, the lan build: web
// administration with roles over HTTPS, live view over RTSPS, an update
// mechanism, alerts, a firmware image and the documents of its maker. It
// exists so that every judgement about a camera can be shown to be right: the
// hardened camera does what a careful maker would do, and each weakness is one
// switch that breaks a known, small set of test cases.
//
// In: Options (which weaknesses, a seed, a clock) and listeners. Out: running
// services of two units of one model, the image and a workspace that declares
// them. The package imports nothing of Assay, so that the two sides of a test
// share no code.
//
// Everything here is invented: maker, model, hosts and keys.
package refcam
