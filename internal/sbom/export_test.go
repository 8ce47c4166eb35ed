package sbom

// Expression is expression for the tests.
var Expression = expression

// Text is text for the tests.
var Text = text
