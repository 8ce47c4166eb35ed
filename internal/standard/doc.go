// Package standard holds the standards that Assay judges products against, as
// data: requirements with their status and conditions, texts of ours in
// English and Traditional Chinese, the expressions of test cases that decide
// each requirement, and the mappings between standards.
//
// In: one folder of YAML per standard, embedded under data/ or given by the
// caller and then hostile until read. Out: Standard values without unknown
// fields or half texts, or every mistake at once with file and line. The
// package runs nothing: conditions are CEL sources and test cases are ids, and
// the tests that both exist and parse lie above it.
package standard
