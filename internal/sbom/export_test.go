package sbom

// Expression is expression for the tests.
var Expression = expression
